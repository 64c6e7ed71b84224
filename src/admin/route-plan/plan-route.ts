/** A dry run: what the gateways would do with a request, and why. Sends nothing upstream and records nothing. */
import { AppError } from '../../domain/errors.js';
import type { NanoUsd } from '../../domain/money.js';
import type { Billing, SkipReason } from '../../domain/vocabulary.js';
import { classify } from '../../routing/classify/classify.js';
import { viewOfPrompt } from '../../routing/classify/view.js';
import { decide } from '../../routing/decide.js';
import type { Candidate, Decision, RequestTraits, Signal } from '../../routing/decision.js';
import { estimateCost } from '../../routing/estimate-cost.js';
import type { AccessKeySnapshot } from '../../routing/snapshot.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { RoutePlanInput } from './verbs.js';
import { closedWays } from './closed-ways.js';
import { readRoutingView, type RoutingView } from './routing-view.js';

export interface RoutePlan {
  /** Null when a model was named outright. */
  readonly tierId: string | null;
  readonly reason: string;
  /** Null when nothing was classified. */
  readonly score: number | null;
  readonly signals: readonly Signal[];
  /** In the order in which they would be tried. */
  readonly candidates: readonly PlannedCandidate[];
  /** The one that would be called first; null when none is ready. */
  readonly selected: PlannedCandidate | null;
}

export interface PlannedCandidate {
  readonly modelRef: string;
  readonly connectionId: string | null;
  readonly billing: Billing | null;
  /** Null when usable. */
  readonly skipReason: SkipReason | null;
  /** Whether it is tried all the same when nothing else is left. */
  readonly lastResort: boolean;
  /** Zero on a plan; null when the price is unknown. */
  readonly estimatedCostNanoUsd: NanoUsd | null;
}

/** Letters in a token, roughly. */
const CHARS_PER_TOKEN = 4;

/** Throws an AppError for a name that leads nowhere. */
export async function planRoute(
  deps: Pick<AdminDeps, 'clock' | 'database'>,
  context: AdminContext,
  input: RoutePlanInput,
): Promise<RoutePlan> {
  requireScope(context, 'CONFIG_READ');
  if (input.accessKeyId !== undefined) requireScope(context, 'KEYS_READ');
  checkCount('inputTokens', input.inputTokens ?? 0);
  checkCount('outputTokens', input.outputTokens);
  const view = await readRoutingView(deps, context.actor.workspaceId);
  const key = input.accessKeyId === undefined ? null : keyOf(view, input.accessKeyId);
  const traits = traitsOf(view, input);
  const decision = decideOrRefuse(view, key, traits);
  const isClosed = await closedWays(deps.database, view.snapshot, key, decision, view.conditions.now);
  const candidates = decision.candidates.map((candidate): Candidate => {
    const { route } = candidate;
    return route && isClosed(route) ? { ...candidate, skip: 'LIMIT_REACHED', lastResort: false } : candidate;
  });
  return toPlan(view, traits, { ...decision, candidates });
}

function traitsOf({ snapshot }: RoutingView, input: RoutePlanInput): RequestTraits {
  const { prompt = null, inputTokens = null } = input;
  return {
    model: input.model.trim(),
    header: () => undefined,
    protocol: null,
    translatable: true,
    inputTokens: Math.max(inputTokens ?? 0, Math.ceil((prompt?.length ?? 0) / CHARS_PER_TOKEN)),
    outputTokens: input.outputTokens,
    capabilities: input.capabilities ?? [],
    classify: () =>
      classify(viewOfPrompt(prompt, inputTokens), {
        weights: snapshot.classifierWeights,
        previousTier: null,
      }),
  };
}

/** What a client would be told with a status of its own is here a mistake in the arguments. */
function decideOrRefuse(
  { table, conditions }: RoutingView,
  key: AccessKeySnapshot | null,
  traits: RequestTraits,
): Decision {
  try {
    return decide(table, { key, traits, conditions });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError('BAD_USER_INPUT', error.message, { field: ['input', 'model'], cause: error.cause });
  }
}

function toPlan(view: RoutingView, traits: RequestTraits, decision: Decision): RoutePlan {
  const { tier, explanation, classification } = decision;
  const candidates = decision.candidates.map((candidate) => toPlanned(view, traits, candidate));
  return {
    tierId: tier?.tier.id ?? null,
    reason: explanation,
    score: classification?.score ?? null,
    signals: classification?.signals ?? [],
    candidates,
    selected: candidates.find(({ skipReason }) => skipReason === null) ?? null,
  };
}

function toPlanned(view: RoutingView, traits: RequestTraits, candidate: Candidate): PlannedCandidate {
  const { modelRef, route, lastResort } = candidate;
  return {
    modelRef,
    connectionId: route?.connection.id ?? null,
    billing: route?.connection.billing ?? null,
    skipReason: view.skipOf(candidate),
    lastResort,
    estimatedCostNanoUsd: route && estimateCost(route, traits, view.conditions.now),
  };
}

function keyOf({ snapshot }: RoutingView, accessKeyId: string): AccessKeySnapshot {
  const key = snapshot.accessKeys.find(({ id }) => id === accessKeyId);
  if (key) return key;
  throw new AppError('BAD_USER_INPUT', 'There is no such key, or it does not work any more.', {
    field: ['input', 'accessKeyId'],
  });
}

function checkCount(name: string, count: number): void {
  if (count >= 0) return;
  throw new AppError('BAD_USER_INPUT', `${name} cannot be negative.`, { field: ['input', name] });
}
