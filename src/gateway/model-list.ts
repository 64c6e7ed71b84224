/** `GET /v1/models`: what a key may name as its model, in one shape that both OpenAI's and Anthropic's clients read. */
import { isAllowed, isTierAllowed } from '../routing/plan.js';
import { resolveModel } from '../routing/resolve.js';
import type { KeyEntry, ModelEntry, TierEntry } from '../routing/table.js';
import { AUTO, TIER_PREFIX } from '../routing/tier-names.js';

/** Tiers in their order, then models by name. */
export function listModels(caller: KeyEntry): object {
  const models = [...caller.workspace.models.values()]
    .filter(({ model, routes }) => routes.length > 0 && isAllowed(caller.key, model.ref))
    .map(describeModel)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const data = [...tierNames(caller), ...models];
  return {
    object: 'list',
    data,
    has_more: false,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}

/** What a name stands for: a tier, or a model by reference or unambiguous name; null when there is none for this key. */
export function findModel(caller: KeyEntry, name: string): object | null {
  const tier = tierNames(caller).find(({ id }) => id === name || id === TIER_PREFIX + name);
  if (tier) return tier;
  const resolution = resolveModel(caller.workspace, name);
  if (resolution.kind !== 'model' || !isAllowed(caller.key, resolution.entry.model.ref)) return null;
  return describeModel(resolution.entry);
}

/** `auto` and the tiers that have something this key may use. */
function tierNames({ key, workspace }: KeyEntry): readonly Described[] {
  const tiers = workspace.tiers.filter((tier) => isTierAllowed(key, tier));
  const described = tiers.flatMap((tier) => {
    const models = modelsOf(tier).filter(({ ref }) => isAllowed(key, ref));
    return models.length === 0 ? [] : [{ tier, models }];
  });
  if (described.length === 0) return [];
  const all = described.flatMap(({ models }) => models);
  return [
    describeChoice(AUTO, 'Chosen by what is asked', all),
    ...described.map(({ tier: { tier }, models }) =>
      describeChoice(TIER_PREFIX + tier.slug, tier.name, models),
    ),
  ];
}

function modelsOf({ targets }: TierEntry): readonly Model[] {
  return targets.flatMap(({ entry, routes }) => (entry && routes.length > 0 ? [entry.model] : []));
}

type Model = ModelEntry['model'];

function describeModel({ model }: ModelEntry) {
  return describe(model.ref, {
    displayName: model.displayName,
    ownedBy: model.provider,
    since: model.firstSeenAt,
    contextWindow: model.contextWindow,
    maxOutputTokens: model.maxOutputTokens,
  });
}

/** A name behind which any of several models may serve: it promises what all of them can. */
function describeChoice(id: string, displayName: string, models: readonly Model[]) {
  return describe(id, {
    displayName,
    ownedBy: 'switchyard',
    since: Math.min(...models.map(({ firstSeenAt }) => firstSeenAt)),
    contextWindow: least(models.map(({ contextWindow }) => contextWindow)),
    maxOutputTokens: least(models.map(({ maxOutputTokens }) => maxOutputTokens)),
  });
}

function describe(
  id: string,
  facts: {
    readonly displayName: string;
    readonly ownedBy: string;
    readonly since: number;
    readonly contextWindow: number | null;
    readonly maxOutputTokens: number | null;
  },
) {
  return {
    id,
    object: 'model',
    type: 'model',
    created: Math.floor(facts.since / 1000),
    created_at: new Date(facts.since).toISOString(),
    owned_by: facts.ownedBy,
    display_name: facts.displayName,
    context_length: facts.contextWindow,
    max_output_tokens: facts.maxOutputTokens,
  };
}

type Described = ReturnType<typeof describe>;

/** Null when none is known. */
function least(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}
