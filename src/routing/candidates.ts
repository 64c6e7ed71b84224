/** The ways to serve a request, each with the reason why it would not be used, if there is one. */
import { isChatProtocol, type SkipReason, type WireProtocol } from '../domain/vocabulary.js';
import { skipOf, type Candidate, type Conditions, type RequestTraits } from './decision.js';
import { isAllowed } from './plan.js';
import { exhaustionOf } from './quota-outlook.js';
import type { AccessKeySnapshot } from './snapshot.js';
import type { ChainLink, ModelEntry, RouteEntry, TargetEntry, TierEntry } from './table.js';

/** What candidates are judged by. */
export interface Judgement {
  /** Null when nobody in particular asks: a dry run without a key. */
  readonly key: AccessKeySnapshot | null;
  readonly traits: RequestTraits;
  readonly conditions: Conditions;
}

/**
 * Estimates of input are rough, and a window that is said to be too small ends the matter: only what is too long by this
 * much is left to larger windows unasked.
 */
const TOO_LONG_FACTOR = 1.25;

type Verdict = Pick<Candidate, 'skip' | 'until' | 'lastResort'>;

const NOT_SPOKEN: Verdict = { skip: 'NO_CONNECTION', until: null, lastResort: false };

/** Candidates of a tier as listed: each target's routes, best first. */
export function candidatesOfTier({ tier, targets }: ChainLink, judgement: Judgement): Candidate[] {
  const candidates: Candidate[] = [];
  for (const target of targets) addCandidates(candidates, target, tier, judgement);
  return candidates;
}

/** Candidates of a model that was named outright: what the caller asked for is not second-guessed. */
export function candidatesOfModel(entry: ModelEntry, judgement: Judgement): Candidate[] {
  if (entry.routes.length === 0) return [without(entry.model.ref, null, 'NO_CONNECTION')];
  return entry.routes.map((route) => judge(route, null, null, judgement));
}

/** Candidates of one target: the routes it allows, best first. */
export function candidatesOfTarget(target: TargetEntry, tier: TierEntry, judgement: Judgement): Candidate[] {
  const candidates: Candidate[] = [];
  addCandidates(candidates, target, tier, judgement);
  return candidates;
}

function addCandidates(
  candidates: Candidate[],
  { target: { modelRef }, entry, routes }: TargetEntry,
  tier: TierEntry,
  judgement: Judgement,
): void {
  if (entry === null) candidates.push(without(modelRef, tier, 'MODEL_REMOVED'));
  else if (routes.length === 0) candidates.push(without(modelRef, tier, 'NO_CONNECTION'));
  else {
    const unfit = unfitFor(entry, judgement);
    for (const route of routes) candidates.push(judge(route, tier, unfit, judgement));
  }
}

function unfitFor({ model }: ModelEntry, { key, traits }: Judgement): SkipReason | null {
  if (key !== null && !isAllowed(key, model.ref)) return 'NOT_PERMITTED';
  // An empty list is not known, not none.
  const { capabilities, contextWindow } = model;
  if (capabilities.length > 0 && traits.capabilities.some((needed) => !capabilities.includes(needed)))
    return 'CAPABILITY_MISSING';
  if (contextWindow !== null && traits.inputTokens > contextWindow * TOO_LONG_FACTOR)
    return 'CONTEXT_TOO_LONG';
  return null;
}

function judge(
  route: RouteEntry,
  tier: TierEntry | null,
  unfit: SkipReason | null,
  { traits, conditions }: Judgement,
): Candidate {
  const { model, protocols } = route;
  const protocol = formatFor(protocols, traits);
  const verdict = protocol === null ? NOT_SPOKEN : unfit === null ? verdictOf(route, conditions) : null;
  return {
    modelRef: model.ref,
    route,
    protocol,
    skip: verdict === null ? unfit : verdict.skip,
    until: verdict === null ? null : verdict.until,
    lastResort: verdict !== null && verdict.lastResort,
    tier,
  };
}

/** Null when nothing speaks against a route at the moment. */
function verdictOf({ connection, model }: RouteEntry, conditions: Conditions): Verdict | null {
  const hold = conditions.hold(connection.id, model.ref);
  if (hold !== null) {
    const skip = skipOf(hold);
    return { skip, until: hold.until, lastResort: hold.soft };
  }
  const exhaustion = exhaustionOf(conditions.quota(connection.id), model.ref, conditions.now);
  if (exhaustion === null) return null;
  // What was read is minutes old and rounded, so it is tried all the same when nothing else is left. A refusal is certain:
  // from then on there is a hold.
  return { skip: 'QUOTA_EXHAUSTED', until: exhaustion.until, lastResort: true };
}

/** The client's own where the route speaks it, so that nothing needs translating, else the one it prefers. */
function formatFor(
  spoken: readonly WireProtocol[],
  { protocol, translatable }: RequestTraits,
): WireProtocol | null {
  if (protocol !== null && spoken.includes(protocol)) return protocol;
  return translatable ? (spoken.find(isChatProtocol) ?? null) : null;
}

function without(modelRef: string, tier: TierEntry | null, skip: SkipReason): Candidate {
  return { modelRef, route: null, protocol: null, skip, until: null, lastResort: false, tier };
}
