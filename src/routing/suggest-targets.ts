/**
 * Which targets the shipped tiers get from what is connected, as long as no operator has said otherwise. A guess from what
 * is stated of models, made to be changed: the price a model is sold at by the token stands for its strength, because
 * that is how those who make models rank their own.
 */
import { SUGGESTED_TARGETS_MAX } from '../config/routing-limits.js';
import type { NanoUsd } from '../domain/money.js';
import { BILLINGS, type Billing, type ModelCapability } from '../domain/vocabulary.js';
import { canonicalModel } from './canonical.js';
import type { TargetSnapshot } from './snapshot.js';
import { SHIPPED_TIERS, type ShippedTier } from './shipped-tiers.js';

/** A model that may be routed to. */
export interface SuggestibleModel {
  readonly ref: string;
  readonly upstreamId: string;
  readonly contextWindow: number | null;
  /** Empty when unknown. */
  readonly capabilities: readonly ModelCapability[];
  /** List prices per million tokens; null when unknown. */
  readonly price: { readonly input: NanoUsd; readonly output: NanoUsd } | null;
  /** Enabled connections that serve it. */
  readonly ways: readonly { readonly billing: Billing; readonly priority: number }[];
}

/** One way to pay for a model. */
interface Way {
  readonly modelRef: string;
  readonly billing: Billing;
  readonly priority: number;
}

/** The same model at whoever serves it. */
interface Family {
  readonly name: string;
  readonly ways: readonly Way[];
  /** Dollars per million tokens, three of input for one of output as agents use them; a guess where no price is known. */
  readonly worth: number;
  readonly contextWindow: number;
  readonly tools: boolean;
  readonly reasoning: boolean;
}

const BILLING_ORDER: Readonly<Record<Billing, number>> = { SUBSCRIPTION: 0, LOCAL: 1, METERED: 2 };
/** Ways of one model in a tier: more would leave no room for another model. */
const WAYS_MAX = 3;
/** Agents send long prompts; windows below this are for later. */
const ROOMY_TOKENS = 100_000;
/** What costs more than this is for operators to ask for: no suggestion may surprise anybody with its bill. */
const METERED_WORTH_MAX = 20;
/** Around this lie the models that are sold for everyday work of agents. */
const STANDARD_WORTH = 1.2;
/** Worth of a model nobody sells, by what its name says of its size. */
const SMALL_WORTH = 0.2;
const UNKNOWN_WORTH = 1;
const SMALL_NAME = /(?:^|-)(?:nano|mini|tiny|small|lite|flash|air|haiku|fast)(?:-|$)/;
const BILLIONS = /(?:^|-)(\d+(?:-\d)?)b(?:-|$)/;

/** Targets of each shipped tier; none when nothing fits. Equal models give equal suggestions. */
export function suggestTargets(
  models: readonly SuggestibleModel[],
): Readonly<Record<ShippedTier, readonly TargetSnapshot[]>> {
  const able = among(familiesOf(models), ({ tools }) => tools);
  const thinking = among(able, ({ reasoning }) => reasoning);
  const standard = pick(able, ({ worth }) => Math.abs(Math.log(worth / STANDARD_WORTH)));
  return {
    simple: pick(lessHalf(able), ({ worth }) => worth),
    standard,
    complex: pick(greaterHalf(able), ({ worth }) => -worth),
    reasoning: pick(greaterHalf(thinking), ({ worth }) => -worth),
    default: standard,
  };
}

/** Whether a tier is one of those that suggestions are made for. */
export function isShippedTier(slug: string): slug is ShippedTier {
  return SHIPPED_TIERS.some((tier) => tier.slug === slug);
}

/** What is paid for already goes first, then what costs nothing; within each, families by `rank`, lowest first. */
function pick(families: readonly Family[], rank: (family: Family) => number): TargetSnapshot[] {
  const roomLast = ({ contextWindow }: Family): number => (contextWindow >= ROOMY_TOKENS ? 0 : 1);
  const ranked = families
    .map((family) => ({ ...family, ways: family.ways.filter((way) => isBearable(way, family)) }))
    .filter(({ ways }) => ways.length > 0)
    .toSorted(
      (a, b) =>
        firstBilling(a) - firstBilling(b) ||
        roomLast(a) - roomLast(b) ||
        rank(a) - rank(b) ||
        (a.name < b.name ? -1 : 1),
    );
  const ways = ranked.flatMap((family) => family.ways.slice(0, WAYS_MAX));
  const chosen = ways.slice(0, SUGGESTED_TARGETS_MAX);
  // When every plan is used up there is still something that can be paid for.
  const spare = ways.find(({ billing }) => billing === 'METERED');
  if (spare && !chosen.includes(spare)) chosen[SUGGESTED_TARGETS_MAX - 1] = spare;
  return chosen
    .toSorted((a, b) => BILLING_ORDER[a.billing] - BILLING_ORDER[b.billing])
    .map(({ modelRef, billing }) => ({ modelRef, billing, connectionId: null }));
}

function firstBilling({ ways: [first] }: Family): number {
  return first === undefined ? Number.POSITIVE_INFINITY : BILLING_ORDER[first.billing];
}

function isBearable({ billing }: Way, { worth }: Family): boolean {
  return billing !== 'METERED' || worth <= METERED_WORTH_MAX;
}

/** Those that fit, or all when none does: a tier with a poor target is better than one without. */
function among(families: readonly Family[], fits: (family: Family) => boolean): readonly Family[] {
  const fitting = families.filter(fits);
  return fitting.length > 0 ? fitting : families;
}

/** The lesser ones of each way of paying: a plan's small model is small, whatever there is to buy beside it. */
function lessHalf(families: readonly Family[]): readonly Family[] {
  return byBilling(families).flatMap((group) => group.slice(0, Math.ceil(group.length / 2)));
}

/** The greater ones of each way of paying. */
function greaterHalf(families: readonly Family[]): readonly Family[] {
  return byBilling(families).flatMap((group) => group.slice(Math.floor(group.length / 2)));
}

/** Families by the way that would be taken first, each group in the order of worth. */
function byBilling(families: readonly Family[]): readonly (readonly Family[])[] {
  const inOrder = families.toSorted((a, b) => a.worth - b.worth || (a.name < b.name ? -1 : 1));
  return BILLINGS.map((billing) => inOrder.filter(({ ways: [first] }) => first?.billing === billing));
}

function familiesOf(models: readonly SuggestibleModel[]): readonly Family[] {
  const groups = new Map<string, SuggestibleModel[]>();
  for (const model of models) {
    const name = canonicalModel(model.upstreamId);
    const group = groups.get(name);
    if (group) group.push(model);
    else groups.set(name, [model]);
  }
  return [...groups].map(([name, group]) => familyOf(name, group)).filter(({ ways }) => ways.length > 0);
}

/** The abilities that any of its providers states, because many state none; the smallest window, because any may serve it. */
function familyOf(name: string, group: readonly SuggestibleModel[]): Family {
  const capabilities = new Set(group.flatMap((model) => model.capabilities));
  const windows = group.flatMap(({ contextWindow }) => contextWindow ?? []);
  return {
    name,
    ways: group
      .flatMap(waysOf)
      .toSorted(
        (a, b) =>
          BILLING_ORDER[a.billing] - BILLING_ORDER[b.billing] ||
          a.priority - b.priority ||
          (a.modelRef < b.modelRef ? -1 : 1),
      ),
    worth: worthOf(name, group),
    contextWindow: windows.length === 0 ? ROOMY_TOKENS : Math.min(...windows),
    tools: capabilities.size === 0 || capabilities.has('TOOLS'),
    reasoning: capabilities.has('REASONING'),
  };
}

/** One for each way of paying, at the priority of its best connection. */
function waysOf({ ref, ways }: SuggestibleModel): Way[] {
  const billings = [...new Set(ways.map(({ billing }) => billing))];
  return billings.map((billing) => ({
    modelRef: ref,
    billing,
    priority: Math.min(...ways.filter((way) => way.billing === billing).map(({ priority }) => priority)),
  }));
}

/** The lowest price that is one: resellers add to it, and what is given away says nothing. */
function worthOf(name: string, group: readonly SuggestibleModel[]): number {
  const prices = group
    .flatMap(({ price }) => (price === null ? [] : Number(3n * price.input + price.output) / 4e9))
    .filter((worth) => worth > 0);
  if (prices.length > 0) return Math.min(...prices);
  const billions = Number(BILLIONS.exec(name)?.[1]?.replace('-', '.'));
  // A hundred billion parameters are sold at about what an everyday model costs.
  if (billions > 0) return (billions / 100) * UNKNOWN_WORTH;
  return SMALL_NAME.test(name) ? SMALL_WORTH : UNKNOWN_WORTH;
}
