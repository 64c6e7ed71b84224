/**
 * Walks the ways a request may be served, best first, until one answers. Before an answer has begun every failure can be
 * mended by the next; the number of attempts and the time they may take in all are bounded.
 */
import type { ServerResponse } from 'node:http';
import { AppError } from '../domain/errors.js';
import type { UpstreamFailure } from '../domain/failure.js';
import type { Candidate } from '../routing/decision.js';
import type { PlannedRoute } from '../routing/plan.js';
import { VaultError } from '../secrets/vault.js';
import type { Admitted } from './admission.js';
import { callerGone } from './answer-sink.js';
import { runAttempt } from './attempt.js';
import type { BoundedConnection, Concurrency, Leave } from './concurrency.js';
import type { ExchangeDeps } from './exchange.js';
import type { Ledger } from './ledger.js';
import type { Routed } from './live-routing.js';
import { passedOver, type PassedOverList } from './passed-over.js';
import { prepareFor, type Asked, type Prepared } from './prepare.js';
import type { ProviderCall } from './provider-call.js';
import { routeHeaders } from './route-headers.js';

/** A request on its way. */
export interface Journey extends Asked {
  readonly routed: Routed;
  readonly admitted: Pick<Admitted, 'enter'>;
  readonly ledger: Ledger;
}

/** How the walk ended. */
export type Outcome =
  /** The caller has its answer, whole or broken off, or is gone; the ledger is closed. */
  | { readonly kind: 'served' }
  /** The last attempt failed, and there is no other way. */
  | {
      readonly kind: 'failed';
      readonly failure: UpstreamFailure;
      readonly planned: PlannedRoute;
      readonly over: PassedOverList;
    }
  /** Nobody was asked. */
  | { readonly kind: 'unserved'; readonly refusal: AppError | null; readonly busy: boolean };

/** A way to serve the request that can be called. */
interface Way extends PlannedRoute {
  /** Whether it is tried only when nothing else is left. */
  readonly lastResort: boolean;
}

/** How the walk would end now. */
interface Sofar {
  /** Why the first way that could not be asked this could not. */
  refusal: AppError | null;
  failed: Extract<Outcome, { kind: 'failed' }> | null;
}

export async function serveRouted(
  deps: ExchangeDeps,
  response: ServerResponse,
  journey: Journey,
): Promise<Outcome> {
  const { routed, ledger } = journey;
  const { decision } = routed;
  const { bounds, clock, concurrency } = deps;
  const deadline = clock.monotonic() + bounds.deadlineMs;
  const over = passedOver(decision.candidates, ledger);
  const ways = waysOf(decision.candidates);
  /** Those at their bound. */
  const busy: Way[] = [];
  /** Those whose window the request does not fit. */
  const tooSmall: Way[] = [];
  const sofar: Sofar = { refusal: null, failed: null };

  const mayGoOn = (failure: UpstreamFailure): boolean =>
    decision.retryOn.includes(failure.class) &&
    failure.scope !== 'REQUEST' &&
    ledger.attempts < decision.maxAttempts &&
    clock.monotonic() < deadline;
  /** How the walk ends with this attempt; null when it goes on. */
  const attempt = async (way: Way, leave: Leave): Promise<Outcome | null> => {
    try {
      if (!(await journey.admitted.enter(way.route))) {
        over.closed(way.route);
        return null;
      }
      const prepared = prepare(deps, way, journey);
      if (prepared instanceof AppError) {
        // Another way may speak a dialect that can say it.
        sofar.refusal ??= prepared;
        return null;
      }
      const failure = await tryOnce(deps, response, { way, prepared, journey, over, deadline });
      if (failure === null) return { kind: 'served' };
      over.failed(way.route, failure);
      if (failure.class === 'CONTEXT_LENGTH') tooSmall.push(way);
      sofar.failed = { kind: 'failed', failure, planned: way, over };
      return mayGoOn(failure) ? null : sofar.failed;
    } finally {
      leave();
    }
  };
  /** What became of a way since the decision: this request's attempts and others may have run into what stands before it. */
  const lookAgain = (way: Way): 'now' | 'last' | 'never' => {
    if (tooSmall.some((than) => !isLarger(way, than))) return 'never';
    const hold = routed.hold(way.route);
    if (hold === null || (hold.soft && way.lastResort)) return 'now';
    over.held(way.route, hold);
    return hold.soft ? 'last' : 'never';
  };

  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const when = lookAgain(way);
    if (when === 'last') ways.push({ ...way, lastResort: true });
    if (when !== 'now') continue;
    const leave = concurrency.tryEnter(boundOf(way));
    if (leave === null) {
      busy.push(way);
      continue;
    }
    const outcome = await attempt(way, leave);
    if (outcome) return outcome;
  }
  // Every way that is left is at its bound: the first that comes free serves, if that is soon.
  const waitUntil = Math.min(clock.monotonic() + bounds.placeWaitMs, deadline);
  while (busy.length > 0) {
    const wait = { timeoutMs: waitUntil - clock.monotonic(), waitingMax: bounds.waitingMax };
    const found = await waitForPlace(concurrency, busy, response, wait);
    if (found === null) break;
    busy.splice(busy.indexOf(found.way), 1);
    if (lookAgain(found.way) === 'never') {
      found.leave();
      continue;
    }
    const outcome = await attempt(found.way, found.leave);
    if (outcome) return outcome;
  }
  return sofar.failed ?? { kind: 'unserved', refusal: sofar.refusal, busy: busy.length > 0 };
}

/** Usable ones in order; then those that may be tried when nothing else is left, the one that recovers first first. */
function waysOf(candidates: readonly Candidate[]): Way[] {
  const usable = candidates.filter(({ skip }) => skip === null);
  const lastResorts = candidates
    .filter(({ skip, lastResort }) => skip !== null && lastResort)
    .toSorted((a, b) => (a.until ?? Infinity) - (b.until ?? Infinity));
  return [...usable, ...lastResorts].flatMap(({ route, protocol, skip }) =>
    route === null || protocol === null ? [] : [{ route, protocol, lastResort: skip !== null }],
  );
}

function isLarger({ route: { model } }: Way, { route: { model: than } }: Way): boolean {
  if (model.ref === than.ref) return false;
  return (
    model.contextWindow === null || than.contextWindow === null || model.contextWindow > than.contextWindow
  );
}

function boundOf({ route: { connection, offering } }: Way): BoundedConnection {
  return { connectionId: connection.id, max: connection.maxConcurrency ?? offering.maxConcurrency ?? null };
}

async function waitForPlace(
  concurrency: Concurrency,
  ways: readonly Way[],
  response: ServerResponse,
  wait: { readonly timeoutMs: number; readonly waitingMax: number },
): Promise<{ readonly way: Way; readonly leave: Leave } | null> {
  const { socket } = response.req;
  if (socket.destroyed || wait.timeoutMs <= 0) return null;
  const gone = new AbortController();
  const giveUp = (): void => gone.abort();
  socket.once('close', giveUp);
  const place = await concurrency.enter(ways.map(boundOf), { ...wait, signal: gone.signal });
  socket.off('close', giveUp);
  const way = place && ways.find(({ route }) => route.connection.id === place.connectionId);
  return place && way ? { way, leave: place.leave } : null;
}

interface Try {
  readonly way: Way;
  readonly prepared: Prepared;
  readonly journey: Journey;
  readonly over: PassedOverList;
  /** Monotonic. */
  readonly deadline: number;
}

/** Null when the caller has its answer or is gone. */
async function tryOnce(
  deps: ExchangeDeps,
  response: ServerResponse,
  { way, prepared, journey, over, deadline }: Try,
): Promise<UpstreamFailure | null> {
  const { ledger, routed, request, surface, requestId } = journey;
  ledger.attemptStarted(way.route);
  const call = buildCall(deps, way, journey);
  if (call === null) {
    const failure = unusableSecret();
    ledger.attemptFailed(failure);
    return failure;
  }
  const trial = routed.sent(way.route);
  const startedAt = deps.clock.monotonic();
  const outcome = await runAttempt({
    route: way.route,
    call,
    body: prepared.body,
    answer: prepared.answer,
    errors: surface.protocol.errors,
    dispatcher: deps.upstream.dispatcherFor(way.route.connection.billing),
    response,
    ledger,
    clock: deps.clock,
    logger: deps.logger,
    requestId,
    headers: routeHeaders({ planned: way, routed, attempts: ledger.attempts, over, prepared }),
    pingMs: deps.pingMs,
    beginWithinMs: Math.max(deadline - startedAt, 1),
    onHeaders: (headers) => deps.quotaHeaders?.see(way.route, headers),
    onBegun() {
      trial.answered(request.reading.stream ? deps.clock.monotonic() - startedAt : null);
      request.release();
    },
  });
  if (outcome.kind === 'answered') return null;
  if (outcome.kind === 'cancelled') {
    trial.failed(callerGone());
    ledger.end('CANCELLED', callerGone());
    return null;
  }
  trial.failed(outcome.failure);
  ledger.attemptFailed(outcome.failure, outcome.measured);
  return outcome.failure;
}

/** What the route is sent, or why it cannot be asked this. */
function prepare(deps: ExchangeDeps, planned: PlannedRoute, asked: Asked): Prepared | AppError {
  try {
    return prepareFor(planned, asked, deps);
  } catch (error) {
    if (error instanceof AppError && error.status < 500) return error;
    throw error;
  }
}

/** Null when the connection's secret does not open: another connection's may. */
function buildCall(
  { calls, logger }: ExchangeDeps,
  planned: PlannedRoute,
  { surface, request: { headers, reading, conversation } }: Asked,
): ProviderCall | null {
  try {
    return calls.build(planned, {
      headers,
      spoken: surface.protocol.id,
      purpose: 'generation',
      stream: reading.stream,
      conversation,
    });
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    const connectionId = planned.route.connection.id;
    logger.error({ err: error, connectionId }, 'a connection secret does not open');
    return null;
  }
}

function unusableSecret(): UpstreamFailure {
  return {
    class: 'AUTHENTICATION',
    httpStatus: null,
    message: 'The stored credential of this connection cannot be opened; enter it again.',
    retryAt: null,
  };
}
