/**
 * How long the gateway takes to find the model a client named, among 2,000 of 35 providers: the ids of models.dev, and
 * made-up ones up to the number. Every call is timed by itself; the clock's own cost is measured and left in.
 *
 * Options: --calls N (1000000), --models N (2000).
 */
import { readFileSync } from 'node:fs';
import { hrtime } from 'node:process';
import { parseArgs } from 'node:util';
import { findProvider } from '../../dist/src/providers/registry.js';
import { SNAPSHOT_FORMAT } from '../../dist/src/routing/snapshot.js';
import { resolveModel } from '../../dist/src/routing/resolve.js';
import { compileTable } from '../../dist/src/routing/table.js';

const { values: options } = parseArgs({
  options: { calls: { type: 'string', default: '1000000' }, models: { type: 'string', default: '2000' } },
});
const calls = Number(options.calls);
const wanted = Number(options.models);

const models = modelsOf(wanted);
const workspace = workspaceOf(models);
const kinds = Object.entries(namesOf(models));

for (const [, names] of kinds) measure(names, calls / 10);
print(
  'the clock alone',
  timed(calls, () => undefined),
);
for (const [kind, names] of kinds) print(kind, measure(names, calls));
print(
  'all kinds in turn',
  measure(
    Array.from({ length: 4_096 }, (_, i) => {
      const [, names] = kinds[i % kinds.length];
      return names[i % names.length];
    }),
    calls,
  ),
);

function modelsOf(count) {
  const file = new URL('../../test/fixtures/models/models-dev-ids.json', import.meta.url);
  const known = Object.entries(JSON.parse(readFileSync(file, 'utf8')).models).flatMap(([provider, ids]) =>
    ids.map((upstreamId) => ({ provider: findProvider(provider)?.slug ?? provider, upstreamId })),
  );
  const byRef = new Map(known.map((model) => [`${model.provider}/${model.upstreamId}`, model]));
  for (let i = 0; byRef.size < count; i++)
    byRef.set(`openrouter/acme/model-${i}`, { provider: 'openrouter', upstreamId: `acme/model-${i}` });
  return [...byRef].slice(0, count).map(([ref, model]) => ({ ...model, ref }));
}

function workspaceOf(known) {
  const table = compileTable({
    format: SNAPSHOT_FORMAT,
    version: 1,
    builtAt: 0,
    workspaces: [
      {
        id: 'ws_1',
        slug: 'default',
        customProviders: [],
        accessKeys: [{ id: 'key_1', hash: 'hash', validUntil: null, allowedModels: [] }],
        connections: [],
        models: known.map(({ provider, upstreamId, ref }) => ({
          id: ref,
          ref,
          provider,
          upstreamId,
          via: [],
        })),
      },
    ],
  });
  return table.keys.get('hash').workspace;
}

function namesOf(known) {
  const times = new Map();
  for (const { upstreamId } of known) times.set(upstreamId, (times.get(upstreamId) ?? 0) + 1);
  const aliased = known.flatMap(({ provider, upstreamId }) =>
    (findProvider(provider)?.aliases ?? []).map((alias) => `${alias}/${upstreamId}`),
  );
  return {
    'provider/id': known.map(({ ref }) => ref),
    'alias/id': aliased,
    'id of one provider': known
      .filter(({ upstreamId }) => times.get(upstreamId) === 1)
      .map((m) => m.upstreamId),
    'id of several (candidates)': known
      .filter(({ upstreamId }) => times.get(upstreamId) > 1)
      .map((m) => m.upstreamId),
    'in capitals': known.map(({ ref }) => ref.toUpperCase()),
    'with [1m]': known.map(({ ref }) => `${ref}[1m]`),
    unknown: known.map(({ upstreamId }) => `nobody/${upstreamId}-x`),
  };
}

function measure(names, count) {
  return timed(count, (i) => resolveModel(workspace, names[i % names.length]));
}

/** Nanoseconds of each call, sorted. */
function timed(count, call) {
  const spent = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const from = hrtime.bigint();
    call(i);
    spent[i] = Number(hrtime.bigint() - from);
  }
  return spent.sort();
}

function print(name, sorted) {
  const at = (share) => (sorted[Math.floor(sorted.length * share)] / 1_000).toFixed(2).padStart(7);
  process.stdout.write(`${name.padEnd(28)} p50 ${at(0.5)}  p99 ${at(0.99)}  p99.9 ${at(0.999)} µs\n`);
}
