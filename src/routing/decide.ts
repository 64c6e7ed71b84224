/** Which ways a request may be served, in which order, and why. Pure: the gateway and the dry run both call this. */
import { AppError } from '../domain/errors.js';
import { DEFAULT_RETRY_ON, NAMED_MODEL_ATTEMPTS_MAX } from './defaults.js';
import { candidatesOfModel, candidatesOfTier, type Judgement } from './candidates.js';
import type { Candidate, Classification, Decision } from './decision.js';
import { inStrategyOrder, withAffinityFirst } from './order.js';
import { isAllowed, isTierAllowed } from './plan.js';
import { resolveModel } from './resolve.js';
import type { AccessKeySnapshot } from './snapshot.js';
import { chainOf, type ChainLink, type ModelEntry, type TierEntry, type WorkspaceTable } from './table.js';
import { AUTO, TIER_PREFIX } from './tier-names.js';

/** A tier and why it was chosen. */
interface Choice {
  readonly tier: TierEntry;
  readonly reason: string;
  readonly explanation: string;
  readonly classification: Classification | null;
}

/** Throws an AppError for a name that means nothing here, that means several things, or that the key may not use. */
export function decide(workspace: WorkspaceTable, judgement: Judgement): Decision {
  const choice = chooseTier(workspace, judgement);
  if (choice !== null) return decideByTier(choice, judgement);
  return decideByModel(nameModel(workspace, judgement), judgement);
}

/** Null when a model was named outright. */
function chooseTier(workspace: WorkspaceTable, judgement: Judgement): Choice | null {
  const { traits } = judgement;
  const rule = workspace.rules.find(({ rule: { header, value } }) => {
    const sent = traits.header(header);
    return sent !== undefined && (value === null || sent === value);
  });
  if (rule) {
    const { name, header, value } = rule.rule;
    const matched = value === null ? `the header ${header} is there` : `the header ${header} is "${value}"`;
    return named(rule.tier, judgement, 'rule', `The rule "${name}" matched: ${matched}.`);
  }
  if (traits.model === '') return ofKey(workspace, judgement) ?? classified(workspace, judgement);
  if (traits.model === AUTO) return classified(workspace, judgement);
  const explicit = traits.model.startsWith(TIER_PREFIX);
  const slug = explicit ? traits.model.slice(TIER_PREFIX.length) : traits.model;
  const tier = tierBySlug(workspace, slug);
  if (tier) return named(tier, judgement, 'tier_named', `The request named the tier "${slug}".`);
  if (!explicit) return null;
  const slugs = workspace.tiers.map((entry) => entry.tier.slug);
  throw new AppError(
    'MODEL_NOT_FOUND',
    `There is no tier "${slug}" here; ${slugs.length === 0 ? 'there are none' : `there are ${slugs.join(', ')}`}.`,
  );
}

function named(tier: TierEntry, { key }: Judgement, reason: string, explanation: string): Choice {
  if (key !== null && !isTierAllowed(key, tier)) {
    throw new AppError('FORBIDDEN', `This access key may not use the tier "${tier.tier.slug}".`);
  }
  return { tier, reason, explanation, classification: null };
}

/** The tier that a key's requests without a model go to; null when it has none that is in use. */
function ofKey(workspace: WorkspaceTable, { key }: Judgement): Choice | null {
  const tier = workspace.tiers.find((entry) => entry.tier.id === key?.defaultTierId);
  if (!tier) return null;
  const explanation = `No model was named; the default tier of this access key is "${tier.tier.slug}".`;
  return { tier, reason: 'key_default', explanation, classification: null };
}

/** By how demanding the request is; what that tier cannot serve, or the key may not use, goes to the default. */
function classified(workspace: WorkspaceTable, { key, traits }: Judgement): Choice {
  const usable = (tier: TierEntry | undefined): tier is TierEntry =>
    tier !== undefined && tier.targets.length > 0 && (key === null || isTierAllowed(key, tier));
  const classification = traits.classify();
  const { tierSlug } = classification;
  const fitting = tierBySlug(workspace, tierSlug);
  if (usable(fitting)) {
    const explanation = `No model was named; the request reads as "${tierSlug}": ${classification.reason}`;
    return { tier: fitting, reason: 'classified', explanation, classification };
  }
  const fallback =
    workspace.tiers.find((entry) => entry.tier.isDefault && usable(entry)) ?? workspace.tiers.find(usable);
  if (!fallback) {
    throw new AppError(
      'MODEL_REQUIRED',
      'No model was named, and no tier that this key may use has a target. Send "model" as provider/model; GET /v1/models lists them.',
    );
  }
  const why = fitting ? 'which has no target that may be used' : 'for which there is no tier';
  const explanation = `No model was named; the request reads as "${tierSlug}", ${why}, so it goes to "${fallback.tier.slug}".`;
  return { tier: fallback, reason: 'default', explanation, classification };
}

function decideByTier(choice: Choice, judgement: Judgement): Decision {
  const { key, traits, conditions } = judgement;
  const { tier } = choice.tier;
  let candidates: readonly Candidate[] = [];
  for (const link of key === null ? choice.tier.chain : allowedChain(choice.tier, key)) {
    const further = candidatesOfTier(link, judgement);
    const ordered = inStrategyOrder(link.tier.tier.strategy, further, traits, conditions);
    if (link.tier === choice.tier) candidates = withAffinityFirst(ordered, conditions);
    else if (ordered.length > 0) candidates = [...candidates, ...ordered];
  }
  return { ...choice, candidates, retryOn: tier.retryOn, maxAttempts: tier.maxAttempts };
}

function decideByModel(entry: ModelEntry, judgement: Judgement): Decision {
  const candidates = candidatesOfModel(entry, judgement);
  return {
    tier: null,
    reason: 'model_named',
    explanation: `The request named the model ${entry.model.ref}.`,
    classification: null,
    candidates: withAffinityFirst(candidates, judgement.conditions),
    retryOn: DEFAULT_RETRY_ON,
    maxAttempts: NAMED_MODEL_ATTEMPTS_MAX,
  };
}

function nameModel(workspace: WorkspaceTable, { key, traits: { model: name } }: Judgement): ModelEntry {
  const resolution = resolveModel(workspace, name);
  switch (resolution.kind) {
    case 'model': {
      const { ref } = resolution.entry.model;
      if (key !== null && !isAllowed(key, ref)) {
        throw new AppError(
          'FORBIDDEN',
          `This access key may not use ${ref}. GET /v1/models lists what it may use.`,
        );
      }
      return resolution.entry;
    }
    case 'ambiguous':
      throw new AppError(
        'MODEL_AMBIGUOUS',
        `Several providers serve "${name}". Name one of ${resolution.candidates.join(', ')}.`,
      );
    case 'unknown':
      throw new AppError(
        'MODEL_NOT_FOUND',
        `There is no model "${name}" here. GET /v1/models lists those there are.`,
      );
  }
}

function tierBySlug(workspace: WorkspaceTable, slug: string): TierEntry | undefined {
  return workspace.tiers.find(({ tier }) => tier.slug === slug);
}

/** What of a tier's chain a key may use. */
function allowedChain({ chain }: TierEntry, key: AccessKeySnapshot): readonly ChainLink[] {
  const allowed = chain.filter(({ tier }) => isTierAllowed(key, tier));
  return allowed.length === chain.length ? chain : chainOf(allowed.map(({ tier }) => tier));
}
