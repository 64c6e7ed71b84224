/** Why no way was left to serve a request: a wall with its end, a wait that took too long, or a configuration that leads nowhere. */
import { AppError } from '../domain/errors.js';
import type { UpstreamFailure } from '../domain/failure.js';
import type { FailureClass, SkipReason } from '../domain/vocabulary.js';
import type { Candidate, Decision } from '../routing/decision.js';
import type { PlannedRoute } from '../routing/plan.js';
import type { RouteEntry } from '../routing/table.js';
import type { Surface } from '../protocols/registry.js';
import type { Routed } from './live-routing.js';

/** Candidates named in a message; a tier may have many. */
const NAMED_MAX = 5;

/** Why a candidate is not usable now although it will be. */
const PASSING: readonly (SkipReason | null)[] = [null, 'COOLING_DOWN', 'QUOTA_EXHAUSTED', 'HELD_BY_PACE'];
/** What ends by itself; what else keeps requests away mostly waits for somebody to act. */
const ENDS_BY_ITSELF: readonly FailureClass[] = [
  'RATE_LIMITED',
  'QUOTA_EXHAUSTED',
  'UPSTREAM_ERROR',
  'TIMEOUT',
  'NETWORK',
  'INCOMPLETE_ANSWER',
];
/** A place comes free, and a probe is answered, within seconds. */
const SHORTLY_MS = 1_000;

interface Held {
  readonly candidate: Candidate;
  readonly class: FailureClass;
  /** Whether it is tried all the same when nothing else is left. */
  readonly soft: boolean;
  readonly until: number | null;
}

/** A failure that passes, with the earliest honest time to come back; else an error that says what to change. */
export function whyUnserved(
  routed: Routed,
  surface: Surface,
  busy: boolean,
  now: number,
): UpstreamFailure | AppError {
  const { candidates } = routed.decision;
  if (busy) {
    const message =
      'Every connection that could serve this is at its bound of requests at a time; try again shortly.';
    return failure('RATE_LIMITED', message, now + SHORTLY_MS);
  }
  const held = heldWays(routed, now);
  const ending = held.filter((one) => ENDS_BY_ITSELF.includes(one.class));
  const [next] = (ending.length > 0 ? ending : held).toSorted(byEnd);
  if (next) {
    const each = new Set(held.map((one) => `${wayOf(one.candidate)} (${one.class}${untilText(one.until)})`));
    const message = `Everything that could serve this is held back: ${named([...each])}.`;
    return failure(next.class, message, next.until);
  }
  if (candidates.some(({ skip }) => skip === 'CONTEXT_TOO_LONG')) {
    const message = 'The request is longer than the context window of every model that could serve it.';
    return failure('CONTEXT_LENGTH', message, null);
  }
  return nowhere(routed.decision, surface);
}

/**
 * When the caller of a request that failed may come back: once the first of all its ways is open again, which need not be
 * the one that failed last. Null when nobody knows.
 */
export function opensAgainAt(
  routed: Routed,
  { failure, planned }: { readonly failure: UpstreamFailure; readonly planned: PlannedRoute },
  now: number,
): number | null {
  const own = routed.hold(planned.route);
  if (own === null || own.soft) return failure.retryAt;
  const passing = routed.decision.candidates.filter(isPassing);
  const held = heldWays(routed, now).filter(({ soft }) => !soft);
  if (held.length < passing.length) return failure.retryAt === null ? null : now + SHORTLY_MS;
  return held.toSorted(byEnd)[0]?.until ?? null;
}

function heldWays(routed: Routed, now: number): readonly Held[] {
  return routed.decision.candidates.filter(isPassing).flatMap((candidate): readonly Held[] => {
    const hold = candidate.route === null ? null : routed.hold(candidate.route);
    if (hold !== null) {
      const until = hold.probing ? now + SHORTLY_MS : hold.until;
      return [{ candidate, class: hold.class, soft: hold.soft, until }];
    }
    return candidate.skip === 'QUOTA_EXHAUSTED'
      ? [{ candidate, class: 'QUOTA_EXHAUSTED', soft: true, until: candidate.until }]
      : [];
  });
}

function isPassing({ route, protocol, skip }: Candidate): boolean {
  return route !== null && protocol !== null && PASSING.includes(skip);
}

/** Earliest first, unknown ones last. */
function byEnd(a: Held, b: Held): number {
  return a.until === b.until ? 0 : (a.until ?? Infinity) - (b.until ?? Infinity);
}

/** The configuration leads nowhere, whatever the time. */
function nowhere({ tier, candidates }: Decision, { protocol }: Surface): AppError {
  if (tier === null) {
    const [candidate] = candidates;
    const spoken = [...new Set(candidates.flatMap(({ route }) => route?.protocols ?? []))];
    return new AppError(
      'PROTOCOL_UNSUPPORTED',
      `${candidate?.modelRef ?? 'The model'} cannot be called as ${protocol.id}; it speaks ${spoken.join(' and ') || 'nothing at the moment'}.`,
    );
  }
  const each = candidates.map((candidate) => `${wayOf(candidate)} (${candidate.skip ?? 'usable'})`);
  const why =
    each.length === 0 ? 'it has no targets' : `none of its targets can: ${named([...new Set(each)])}`;
  const message = `The tier "${tier.tier.slug}" cannot serve this: ${why}.`;
  const only = (...reasons: readonly SkipReason[]): boolean =>
    candidates.length > 0 && candidates.every(({ skip }) => skip !== null && reasons.includes(skip));
  // Clients come back to what is unavailable; these two are the same however often they do.
  if (only('NOT_PERMITTED')) return new AppError('FORBIDDEN', message);
  if (only('NOT_PERMITTED', 'CAPABILITY_MISSING')) return new AppError('BAD_REQUEST', message);
  return new AppError('SERVICE_UNAVAILABLE', message);
}

function named(ways: readonly string[]): string {
  const more = ways.length - NAMED_MAX;
  return [...ways.slice(0, NAMED_MAX), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

function wayOf({ route, modelRef }: Candidate): string {
  return route === null ? modelRef : `${modelRef} through ${nameOf(route)}`;
}

function nameOf({ connection }: RouteEntry): string {
  return `${connection.provider}/${connection.offering}`;
}

function untilText(until: number | null): string {
  return until === null ? '' : ` until ${new Date(until).toISOString()}`;
}

function failure(failureClass: FailureClass, message: string, retryAt: number | null): UpstreamFailure {
  return { class: failureClass, httpStatus: null, message, retryAt };
}
