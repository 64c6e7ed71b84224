/**
 * How long a routing decision takes in a large workspace: 200 connections, each model through four of them, 2,000 models, 50
 * tiers of ten targets, 50 rules, two quota windows per plan. Every call is timed by itself; the clock's own cost is left in.
 * Of the rounds of each case the quietest is shown: what else runs on the machine would fill the tail.
 *
 * Options: --calls N (20000) a round, --rounds N (10).
 */
import { hrtime } from 'node:process';
import { parseArgs } from 'node:util';
import { createCooldownBook } from '../../dist/src/routing/cooldown-book.js';
import { decide } from '../../dist/src/routing/decide.js';
import { SNAPSHOT_FORMAT } from '../../dist/src/routing/snapshot.js';
import { compileTable } from '../../dist/src/routing/table.js';

const { values: options } = parseArgs({
  options: { calls: { type: 'string', default: '20000' }, rounds: { type: 'string', default: '10' } },
});
const calls = Number(options.calls);
const rounds = Number(options.rounds);

const CONNECTIONS = 200;
const MODELS = 2_000;
const TIERS = 50;
const RULES = 50;
const TARGETS = 10;
const VIA = 4;
const NOW = Date.UTC(2026, 2, 4, 12);
const STRATEGIES = [
  'ORDERED',
  'SUBSCRIPTION_FIRST',
  'EXPIRING_FIRST',
  'PACED',
  'LOWEST_COST',
  'LOWEST_LATENCY',
];
const RETRY_ON = ['RATE_LIMITED', 'QUOTA_EXHAUSTED', 'UPSTREAM_ERROR', 'TIMEOUT', 'NETWORK'];

const workspace = compileWorkspace();
const quotas = new Map(
  Array.from({ length: CONNECTIONS }, (_, i) => [connectionId(i), isPlan(i) ? windowsOf(i) : []]),
);
const quiet = bookWith(0);
const cooling = bookWith(0.9);

const tierNames = (strategy) => workspace.tiers.filter(({ tier }) => tier.strategy === strategy);
const cases = [
  ...STRATEGIES.map((strategy) => {
    const tiers = tierNames(strategy);
    return [strategy, (i) => request({ model: `tier:${tiers[i % tiers.length].tier.slug}` })];
  }),
  ['the last of 50 rules', () => request({ model: '', header: 'x-rule-49' })],
  ['a model by name', (i) => request({ model: `openrouter/model-${i % MODELS}` })],
  ['auto, classified already', () => request({ model: 'auto' })],
  [
    'a conversation with a place',
    (i) => {
      const { tier, targets } = workspace.tiers[i % TIERS];
      const [route] = targets[i % TARGETS].routes;
      const affinity = { connectionId: route.connection.id, modelRef: route.model.ref, tierSlug: tier.slug };
      return request({ model: tier.slug, affinity });
    },
  ],
  ['nine in ten cooling', (i) => request({ model: `tier-${i % TIERS}`, book: cooling })],
];

for (const [, make] of cases) timed(make, run);
print(
  'the clock alone',
  quietest(
    () => undefined,
    () => undefined,
  ),
);
for (const [name, make] of cases) print(name, quietest(make, run));

/** The round with the shortest tail. */
function quietest(make, call) {
  const tail = (sorted) => sorted[Math.floor(sorted.length * 0.99)];
  return Array.from({ length: rounds }, () => timed(make, call)).sort((a, b) => tail(a) - tail(b))[0];
}

function run(judgement) {
  return decide(workspace, judgement);
}

function request({ model, header = '', affinity = null, book = quiet }) {
  return {
    key: null,
    traits: {
      model,
      header: (name) => (name === header ? 'on' : undefined),
      protocol: 'OPENAI_CHAT',
      inputTokens: 25_000,
      outputTokens: 500,
      capabilities: ['STREAMING', 'TOOLS'],
      classify: () => ({ tierSlug: 'tier-2', score: 0.5, signals: [], reason: 'prepared' }),
    },
    conditions: {
      now: NOW,
      hold: book.hold,
      quota: (id) => quotas.get(id) ?? [],
      firstTokenMs: (id, ref) => (id.length * 131 + ref.length * 17) % 900,
      affinity,
    },
  };
}

function connectionId(i) {
  return `con_${String(i).padStart(26, '0')}`;
}

function isPlan(i) {
  return i % 2 === 0;
}

function windowsOf(i) {
  const common = { unit: 'SHARE', limit: null, used: null, source: 'REPORTED', observedAt: NOW };
  return [
    { ...common, name: '5h', windowSeconds: 18_000, usedFraction: (i % 97) / 100, resetsAt: NOW + 3_600_000 },
    {
      ...common,
      name: 'weekly',
      windowSeconds: 604_800,
      usedFraction: (i % 89) / 100,
      resetsAt: NOW + (1 + (i % 6)) * 86_400_000,
    },
  ];
}

function bookWith(share) {
  const clock = { now: () => NOW, monotonic: () => 0 };
  const book = createCooldownBook({ clock, name: 'bench', onChange: () => undefined });
  for (let i = 0; i < CONNECTIONS * share; i++) {
    const failure = { class: 'RATE_LIMITED', httpStatus: 429, message: '', retryAt: NOW + 60_000 };
    book.sent(connectionId(i), '').failed(failure, null);
  }
  return book;
}

function compileWorkspace() {
  const price = { id: 'prc', input: '1000000000', output: '4000000000', cacheRead: null, cacheWrite: null };
  const refOf = (i) => `openrouter/model-${i}`;
  const table = compileTable({
    format: SNAPSHOT_FORMAT,
    version: 1,
    builtAt: 0,
    workspaces: [
      {
        id: 'ws_1',
        slug: 'bench',
        accessKeys: [{ id: 'key_1', hash: 'hash', validUntil: null, allowedModels: [], allowedTiers: [] }],
        customProviders: [],
        connections: Array.from({ length: CONNECTIONS }, (_, i) => ({
          id: connectionId(i),
          provider: 'openrouter',
          offering: 'api',
          billing: isPlan(i) ? 'SUBSCRIPTION' : 'METERED',
          region: null,
          baseUrl: null,
          priority: 0,
          secret: null,
          planCode: null,
          quota: [],
          cooldowns: [],
          cooldownsClearedAt: 0,
          maxConcurrency: null,
        })),
        models: Array.from({ length: MODELS }, (_, i) => ({
          id: `mdl_${i}`,
          ref: refOf(i),
          provider: 'openrouter',
          upstreamId: `model-${i}`,
          displayName: `Model ${i}`,
          firstSeenAt: 0,
          contextWindow: 128_000,
          maxOutputTokens: null,
          capabilities: ['STREAMING', 'TOOLS', 'VISION'],
          price,
          via: Array.from({ length: VIA }, (_, n) => ({
            connectionId: connectionId((i * VIA + n * 37) % CONNECTIONS),
            protocols: ['OPENAI_CHAT'],
          })),
        })),
        tiers: Array.from({ length: TIERS }, (_, i) => ({
          id: `tier_${i}`,
          slug: `tier-${i}`,
          name: `Tier ${i}`,
          isDefault: i === 0,
          strategy: STRATEGIES[i % STRATEGIES.length],
          targets: Array.from({ length: TARGETS }, (_, n) => ({
            modelRef: refOf((i * 41 + n * 13) % MODELS),
            billing: null,
            connectionId: null,
          })),
          retryOn: RETRY_ON,
          maxAttempts: 5,
          // Half of them fall back to another one.
          fallbackTierId: i % 2 === 0 ? null : `tier_${i - 1}`,
        })),
        rules: Array.from({ length: RULES }, (_, i) => ({
          id: `rule_${i}`,
          name: `Rule ${i}`,
          header: `x-rule-${i}`,
          value: null,
          tierId: `tier_${i}`,
        })),
        classifierWeights: null,
      },
    ],
  });
  return table.keys.get('hash').workspace;
}

/** Nanoseconds of each call, sorted; what `make` does is not timed. */
function timed(make, call) {
  const spent = new Float64Array(calls);
  for (let i = 0; i < calls; i++) {
    const input = make(i);
    const from = hrtime.bigint();
    call(input);
    spent[i] = Number(hrtime.bigint() - from);
  }
  return spent.sort();
}

function print(name, sorted) {
  const at = (share) => (sorted[Math.floor(sorted.length * share)] / 1_000).toFixed(1).padStart(6);
  process.stdout.write(`${name.padEnd(28)} p50 ${at(0.5)}  p99 ${at(0.99)}  µs\n`);
}
