/** Which ways a request may be served, in which order, and what is said about it. */
import { describe, expect, it } from 'vitest';
import type { QuotaReading } from '../../../src/domain/quota.js';
import type { FailureClass } from '../../../src/domain/vocabulary.js';
import { decide } from '../../../src/routing/decide.js';
import { DEFAULT_RETRY_ON } from '../../../src/routing/defaults.js';
import type { Classification, Conditions, Decision, RequestTraits } from '../../../src/routing/decision.js';
import type {
  AccessKeySnapshot,
  ConnectionSnapshot,
  ModelSnapshot,
  TargetSnapshot,
  TierSnapshot,
  WorkspaceSnapshot,
} from '../../../src/routing/snapshot.js';
import { compileWorkspace } from '../../../src/routing/table.js';

const NOW = Date.UTC(2026, 0, 1, 12);
const HOUR = 3_600_000;

const connection = (
  id: string,
  provider = 'zai',
  more: Partial<ConnectionSnapshot> = {},
): ConnectionSnapshot => ({
  id,
  provider,
  offering: provider === 'openai' ? 'api' : 'coding-plan',
  billing: provider === 'openai' ? 'METERED' : 'SUBSCRIPTION',
  region: null,
  baseUrl: null,
  priority: 0,
  secret: null,
  planCode: null,
  quota: [],
  cooldowns: [],
  cooldownsClearedAt: 0,
  maxConcurrency: null,
  ...more,
});

const model = (ref: string, via: readonly string[], more: Partial<ModelSnapshot> = {}): ModelSnapshot => ({
  id: `mdl_${ref}`,
  ref,
  provider: ref.slice(0, ref.indexOf('/')),
  upstreamId: ref.slice(ref.indexOf('/') + 1),
  displayName: ref,
  firstSeenAt: 0,
  contextWindow: null,
  maxOutputTokens: null,
  capabilities: [],
  price: null,
  via: via.map((connectionId) => ({ connectionId, protocols: ['OPENAI_CHAT'] })),
  ...more,
});

const target = (modelRef: string, more: Partial<TargetSnapshot> = {}): TargetSnapshot => ({
  modelRef,
  billing: null,
  connectionId: null,
  ...more,
});

const tier = (
  slug: string,
  targets: readonly (string | TargetSnapshot)[],
  more: Partial<TierSnapshot> = {},
): TierSnapshot => ({
  id: `tier_${slug}`,
  slug,
  name: slug,
  isDefault: false,
  strategy: 'ORDERED',
  targets: targets.map((each) => (typeof each === 'string' ? target(each) : each)),
  retryOn: ['TIMEOUT'],
  maxAttempts: 3,
  fallbackTierId: null,
  ...more,
});

const key = (more: Partial<AccessKeySnapshot> = {}): AccessKeySnapshot => ({
  id: 'key_1',
  hash: 'h',
  validUntil: null,
  allowedModels: [],
  allowedTiers: [],
  ...more,
});

const classifiedAs = (tierSlug: string): Classification => ({
  tierSlug,
  score: 0.5,
  signals: [],
  reason: 'because it says so.',
});

const window = (usedFraction: number, more: Partial<QuotaReading> = {}): QuotaReading => ({
  name: '5h',
  windowSeconds: 5 * 3_600,
  unit: 'SHARE',
  limit: null,
  used: null,
  usedFraction,
  resetsAt: NOW + 2.5 * HOUR,
  source: 'REPORTED',
  observedAt: NOW,
  ...more,
});

/** Two plans and a metered key; every test takes what it needs. */
const PLANS = [connection('zai_1'), connection('kimi_1', 'kimi'), connection('openai_1', 'openai')];
const MODELS = [model('zai/glm', ['zai_1']), model('kimi/k2', ['kimi_1']), model('openai/gpt', ['openai_1'])];

interface Asked extends Partial<Omit<RequestTraits, 'header' | 'classify'>> {
  readonly headers?: Readonly<Record<string, string>>;
  readonly classifiedAs?: string;
  readonly key?: AccessKeySnapshot | null;
  readonly holds?: Readonly<Record<string, { class: FailureClass; soft: boolean }>>;
  readonly quota?: Readonly<Record<string, readonly QuotaReading[]>>;
  readonly speeds?: Readonly<Record<string, number>>;
  readonly affinity?: Conditions['affinity'];
}

function ask(workspace: Partial<WorkspaceSnapshot>, asked: Asked = {}): Decision {
  const table = compileWorkspace({
    id: 'ws_1',
    slug: 'one',
    accessKeys: [],
    customProviders: [],
    connections: PLANS,
    models: MODELS,
    tiers: [],
    rules: [],
    classifierWeights: null,
    ...workspace,
  });
  const traits: RequestTraits = {
    model: 'auto',
    protocol: 'OPENAI_CHAT',
    translatable: true,
    inputTokens: 1_000,
    outputTokens: 500,
    capabilities: [],
    ...asked,
    header: (name) => asked.headers?.[name],
    classify: () => {
      if (asked.classifiedAs === undefined) throw new Error('nothing was to be classified');
      return classifiedAs(asked.classifiedAs);
    },
  };
  const conditions: Conditions = {
    now: NOW,
    hold: (id) => {
      const hold = asked.holds?.[id];
      return hold ? { ...hold, until: NOW + HOUR } : null;
    },
    quota: (id) => asked.quota?.[id] ?? [],
    firstTokenMs: (id) => asked.speeds?.[id] ?? null,
    affinity: asked.affinity ?? null,
  };
  return decide(table, { key: asked.key ?? null, traits, conditions });
}

/** The ways in order, as `connection`, with the reason behind those that would be skipped. */
const waysOf = ({ candidates }: Decision): string[] =>
  candidates.map(({ route, modelRef, skip, lastResort }) =>
    [route?.connection.id ?? modelRef, ...(skip ? [skip] : []), ...(lastResort ? ['last resort'] : [])].join(
      ' ',
    ),
  );

const codeOf = (decision: () => Decision): string => {
  try {
    decision();
    return 'decided';
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
};

describe('what is served', () => {
  const tiers = [
    tier('simple', ['zai/glm']),
    tier('complex', ['kimi/k2']),
    tier('default', ['openai/gpt'], { isDefault: true }),
  ];
  const rules = [
    { id: 'r1', name: 'Cheap', header: 'x-cost', value: 'low', tierId: 'tier_simple' },
    { id: 'r2', name: 'Any', header: 'x-agent', value: null, tierId: 'tier_complex' },
  ];

  it('is a rule’s tier before whatever the client named', () => {
    const decision = ask(
      { tiers, rules },
      { model: 'openai/gpt', headers: { 'x-cost': 'low', 'x-agent': '1' } },
    );
    expect(decision.tier?.tier.slug).toBe('simple');
    expect(decision).toMatchObject({
      reason: 'rule',
      explanation: 'The rule "Cheap" matched: the header x-cost is "low".',
      classification: null,
    });
  });

  it('is a rule’s tier for the header alone where the rule names no value, and none for another value', () => {
    const decision = ask({ tiers, rules }, { headers: { 'x-cost': 'Low', 'x-agent': '' } });
    expect(decision.tier?.tier.slug).toBe('complex');
    expect(decision.explanation).toBe('The rule "Any" matched: the header x-agent is there.');
  });

  it.each(['complex', 'tier:complex'])('is the tier that %s names', (name) => {
    const decision = ask({ tiers, rules }, { model: name });
    expect(decision.tier?.tier.slug).toBe('complex');
    expect(decision).toMatchObject({
      reason: 'tier_named',
      explanation: 'The request named the tier "complex".',
      retryOn: ['TIMEOUT'],
      maxAttempts: 3,
    });
  });

  it('is a tier before a model of the same name, which its reference still reaches', () => {
    const models = [...MODELS, model('kimi/simple', ['kimi_1'])];
    expect(ask({ tiers, models }, { model: 'simple' }).tier?.tier.slug).toBe('simple');
    expect(ask({ tiers, models }, { model: 'kimi/simple' })).toMatchObject({
      tier: null,
      reason: 'model_named',
    });
  });

  it.each(['auto', ''])('is what the classifier says when the client sent "%s"', (name) => {
    const decision = ask({ tiers }, { model: name, classifiedAs: 'simple' });
    expect(decision.tier?.tier.slug).toBe('simple');
    expect(decision).toMatchObject({
      reason: 'classified',
      explanation: 'No model was named; the request reads as "simple": because it says so.',
      classification: { tierSlug: 'simple', score: 0.5 },
    });
  });

  it.each([
    ['no such tier', 'reasoning', 'for which there is no tier'],
    ['a tier without targets', 'empty', 'which has no target that may be used'],
    ['a tier the key may not use', 'complex', 'which has no target that may be used'],
  ])('is the default when the classifier says %s', (_what, slug, why) => {
    const decision = ask(
      { tiers: [tier('empty', []), ...tiers] },
      { classifiedAs: slug, key: key({ allowedTiers: ['tier_simple', 'tier_default', 'tier_empty'] }) },
    );
    expect(decision.tier?.tier.slug).toBe('default');
    expect(decision.reason).toBe('default');
    expect(decision.explanation).toBe(
      `No model was named; the request reads as "${slug}", ${why}, so it goes to "default".`,
    );
  });

  it('is any tier the key may use before none, when the default is not one of them', () => {
    const decision = ask({ tiers }, { classifiedAs: 'complex', key: key({ allowedTiers: ['tier_simple'] }) });
    expect(decision.tier?.tier.slug).toBe('simple');
  });

  it('is the model that was named, by all of its connections and with more patience than one call', () => {
    const decision = ask(
      {
        connections: [connection('b'), connection('a', 'zai', { priority: 1 })],
        models: [model('zai/glm', ['a', 'b'])],
      },
      { model: 'glm' },
    );
    expect(waysOf(decision)).toEqual(['b', 'a']);
    expect(decision).toMatchObject({
      tier: null,
      reason: 'model_named',
      explanation: 'The request named the model zai/glm.',
      retryOn: DEFAULT_RETRY_ON,
    });
    expect(decision.maxAttempts).toBeGreaterThan(1);
  });

  it.each([
    ['an unknown model', 'nobody/nothing', null, 'MODEL_NOT_FOUND'],
    ['an unknown tier', 'tier:nothing', null, 'MODEL_NOT_FOUND'],
    ['a name of several models', 'twin', null, 'MODEL_AMBIGUOUS'],
    ['a tier that the key may not use', 'complex', key({ allowedTiers: ['tier_simple'] }), 'FORBIDDEN'],
    ['a model that the key may not use', 'zai/glm', key({ allowedModels: ['kimi/*'] }), 'FORBIDDEN'],
  ])('is nothing for %s', (_what, name, by, code) => {
    const models = [...MODELS, model('zai/twin', ['zai_1']), model('kimi/twin', ['kimi_1'])];
    expect(codeOf(() => ask({ tiers, models }, { model: name, key: by }))).toBe(code);
  });

  it('is nothing for a request without a name where no tier has a target', () => {
    expect(codeOf(() => ask({ tiers: [tier('simple', [])] }, { classifiedAs: 'simple' }))).toBe(
      'MODEL_REQUIRED',
    );
  });

  it('is nothing by a rule that leads where the key may not go', () => {
    const asked = { headers: { 'x-cost': 'low' }, key: key({ allowedTiers: ['tier_complex'] }) };
    expect(codeOf(() => ask({ tiers, rules }, asked))).toBe('FORBIDDEN');
  });
});

describe('the chain of a tier', () => {
  it('goes on with what its fallbacks have that it has not itself', () => {
    const tiers = [
      tier('a', ['zai/glm', target('zai/glm', { billing: 'SUBSCRIPTION' })], { fallbackTierId: 'tier_b' }),
      tier('b', ['zai/glm', 'kimi/k2'], { fallbackTierId: 'tier_c', maxAttempts: 9 }),
      tier('c', ['openai/gpt']),
    ];
    const decision = ask({ tiers }, { model: 'a' });
    expect(waysOf(decision)).toEqual(['zai_1', 'kimi_1', 'openai_1']);
    expect(decision.candidates.map((candidate) => candidate.tier?.tier.slug)).toEqual(['a', 'b', 'c']);
    expect(decision.maxAttempts).toBe(3);
  });

  it('ends where a circle that slipped in closes', () => {
    const tiers = [
      tier('a', ['zai/glm'], { fallbackTierId: 'tier_b' }),
      tier('b', ['kimi/k2'], { fallbackTierId: 'tier_a' }),
    ];
    expect(waysOf(ask({ tiers }, { model: 'a' }))).toEqual(['zai_1', 'kimi_1']);
  });

  it('passes over fallbacks that the key may not use', () => {
    const tiers = [
      tier('a', ['zai/glm'], { fallbackTierId: 'tier_b' }),
      tier('b', ['kimi/k2'], { fallbackTierId: 'tier_c' }),
      tier('c', ['openai/gpt']),
    ];
    const restricted = key({ allowedTiers: ['tier_a', 'tier_c'] });
    expect(waysOf(ask({ tiers }, { model: 'a', key: restricted }))).toEqual(['zai_1', 'openai_1']);
  });

  it('begins where the conversation was served last, unless that cannot be used', () => {
    const tiers = [tier('a', ['zai/glm', 'kimi/k2'])];
    const affinity = { connectionId: 'kimi_1', modelRef: 'kimi/k2', tierSlug: null };
    expect(waysOf(ask({ tiers }, { model: 'a', affinity }))).toEqual(['kimi_1', 'zai_1']);
    const holds = { kimi_1: { class: 'RATE_LIMITED', soft: false } } as const;
    expect(waysOf(ask({ tiers }, { model: 'a', affinity, holds }))).toEqual(['zai_1', 'kimi_1 COOLING_DOWN']);
  });
});

describe('a target', () => {
  const reasonOf = (
    workspace: Partial<WorkspaceSnapshot>,
    asked: Asked,
    listed: string | TargetSnapshot = 'zai/glm',
  ): string | undefined =>
    waysOf(ask({ tiers: [tier('t', [listed])], ...workspace }, { model: 't', ...asked }))[0];

  it('is any connection of its model, of one billing, or one connection', () => {
    const connections = [
      connection('plan'),
      connection('api', 'zai', { offering: 'api', billing: 'METERED' }),
    ];
    const models = [model('zai/glm', ['plan', 'api'])];
    const waysFor = (listed: TargetSnapshot): string[] =>
      waysOf(ask({ connections, models, tiers: [tier('t', [listed])] }, { model: 't' }));
    expect(waysFor(target('zai/glm'))).toEqual(['plan', 'api']);
    expect(waysFor(target('zai/glm', { billing: 'METERED' }))).toEqual(['api']);
    expect(waysFor(target('zai/glm', { connectionId: 'plan' }))).toEqual(['plan']);
    expect(waysFor(target('zai/glm', { billing: 'LOCAL' }))).toEqual(['zai/glm NO_CONNECTION']);
  });

  it.each<[string, Partial<WorkspaceSnapshot>, Asked, string]>([
    ['its model is gone or disabled', { models: [] }, {}, 'zai/glm MODEL_REMOVED'],
    ['nothing serves its model', { models: [model('zai/glm', [])] }, {}, 'zai/glm NO_CONNECTION'],
    [
      'the connection cools down',
      {},
      { holds: { zai_1: { class: 'RATE_LIMITED', soft: false } } },
      'zai_1 COOLING_DOWN',
    ],
    [
      'the connection failed, though nothing was refused',
      {},
      { holds: { zai_1: { class: 'NETWORK', soft: true } } },
      'zai_1 COOLING_DOWN last resort',
    ],
    [
      'the provider said that the plan is used up',
      {},
      { holds: { zai_1: { class: 'QUOTA_EXHAUSTED', soft: false } } },
      'zai_1 QUOTA_EXHAUSTED',
    ],
    [
      'a window is used up as far as was read',
      {},
      { quota: { zai_1: [window(1)] } },
      'zai_1 QUOTA_EXHAUSTED last resort',
    ],
    ['the key may not use the model', {}, { key: key({ allowedModels: ['kimi/*'] }) }, 'zai_1 NOT_PERMITTED'],
    [
      'the model lacks an ability',
      { models: [model('zai/glm', ['zai_1'], { capabilities: ['TOOLS'] })] },
      { capabilities: ['TOOLS', 'VISION'] },
      'zai_1 CAPABILITY_MISSING',
    ],
    [
      'the request is far too long',
      { models: [model('zai/glm', ['zai_1'], { contextWindow: 1_000 })] },
      { inputTokens: 1_300 },
      'zai_1 CONTEXT_TOO_LONG',
    ],
  ])('is skipped when %s', (_when, workspace, asked, expected) => {
    expect(reasonOf(workspace, asked)).toBe(expected);
  });

  it.each<[string, Partial<WorkspaceSnapshot>, Asked]>([
    ['what the model can do is unknown', {}, { capabilities: ['VISION'] }],
    [
      'the estimate of its length is close',
      { models: [model('zai/glm', ['zai_1'], { contextWindow: 1_000 })] },
      { inputTokens: 1_200 },
    ],
    ['the used-up window is over', {}, { quota: { zai_1: [window(1, { resetsAt: NOW })] } }],
    [
      'the used-up window counts other models',
      {},
      { quota: { zai_1: [window(1, { models: ['zai/other'] })] } },
    ],
  ])('is used when %s', (_when, workspace, asked) => {
    expect(reasonOf(workspace, asked)).toBe('zai_1');
  });

  it('is used all the same when a model was named that is said to lack something', () => {
    const models = [model('zai/glm', ['zai_1'], { capabilities: ['TOOLS'], contextWindow: 10 })];
    const decision = ask({ models }, { model: 'zai/glm', capabilities: ['VISION'], inputTokens: 9_999 });
    expect(waysOf(decision)).toEqual(['zai_1']);
  });

  it('says until when it is skipped', () => {
    const holds = { zai_1: { class: 'RATE_LIMITED', soft: false } } as const;
    const [candidate] = ask({ tiers: [tier('t', ['zai/glm'])] }, { model: 't', holds }).candidates;
    expect(candidate?.until).toBe(NOW + HOUR);
  });
});

describe('a strategy', () => {
  const priced = (ref: string, via: string, input: string): ModelSnapshot =>
    model(ref, [via], {
      price: {
        id: `price_${ref}`,
        input,
        output: '1',
        cacheRead: null,
        cacheWrite: null,
      },
    });
  const listed = ['openai/gpt', 'zai/glm', 'kimi/k2'];
  const order = (strategy: TierSnapshot['strategy'], asked: Asked = {}, models = MODELS): string[] =>
    waysOf(ask({ models, tiers: [tier('t', listed, { strategy })] }, { model: 't', ...asked }));
  // Half of the five hours has passed.
  const ahead = [window(0.9)];
  const behind = [window(0.1)];

  it('of ORDERED is as listed', () => {
    expect(order('ORDERED', { quota: { zai_1: ahead } })).toEqual(['openai_1', 'zai_1', 'kimi_1']);
  });

  it('of SUBSCRIPTION_FIRST takes plans first, but not used-up ones', () => {
    expect(order('SUBSCRIPTION_FIRST', { quota: { zai_1: [window(1)] } })).toEqual([
      'kimi_1',
      'openai_1',
      'zai_1 QUOTA_EXHAUSTED last resort',
    ]);
  });

  it('of EXPIRING_FIRST takes first the plan that wastes most, and what is no plan last', () => {
    expect(order('EXPIRING_FIRST', { quota: { zai_1: ahead, kimi_1: behind } })).toEqual([
      'kimi_1',
      'zai_1',
      'openai_1',
    ]);
  });

  it('of PACED spares plans that are ahead, as long as something else can serve', () => {
    expect(order('PACED', { quota: { zai_1: ahead, kimi_1: behind } })).toEqual([
      'kimi_1',
      'openai_1',
      'zai_1 HELD_BY_PACE last resort',
    ]);
  });

  it('of LOWEST_COST takes what costs nothing first and an unknown price last', () => {
    const tiers = [
      tier('t', ['openai/dear', 'openai/gpt', 'openai/cheap', 'zai/glm'], { strategy: 'LOWEST_COST' }),
    ];
    const models = [
      ...MODELS,
      priced('openai/dear', 'openai_1', '5000000000'),
      priced('openai/cheap', 'openai_1', '100000000'),
    ];
    const { candidates } = ask({ models, tiers }, { model: 't' });
    expect(candidates.map(({ modelRef }) => modelRef)).toEqual([
      'zai/glm',
      'openai/cheap',
      'openai/dear',
      'openai/gpt',
    ]);
  });

  it('of LOWEST_LATENCY takes the fastest first, after what nobody measured lately', () => {
    expect(order('LOWEST_LATENCY', { speeds: { openai_1: 300, zai_1: 100 } })).toEqual([
      'kimi_1',
      'zai_1',
      'openai_1',
    ]);
  });
});
