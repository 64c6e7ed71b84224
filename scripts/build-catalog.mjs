/**
 * Makes the model catalogue that ships with the program out of a copy of models.dev's `api.json`:
 *
 *   node scripts/build-catalog.mjs <api.json> <date of the copy, YYYY-MM-DD>
 *
 * Only what routing and prices need is kept, sorted and one model a line, so that a newer copy shows as a readable diff.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const TARGET = new URL('../src/discovery/catalog/catalog.json', import.meta.url);

const [source, date] = process.argv.slice(2);
if (source === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(date ?? '')) {
  process.stderr.write('usage: node scripts/build-catalog.mjs <api.json> <YYYY-MM-DD>\n');
  process.exit(2);
}

const providers = Object.entries(JSON.parse(readFileSync(source, 'utf8')))
  .map(([id, provider]) => ({ id, models: sorted(provider.models) }))
  .sort(byId);

const lines = providers.map(({ id, models }) => {
  const rows = models.map((model) => `      ${JSON.stringify(model.id)}: ${JSON.stringify(compact(model))}`);
  return `    ${JSON.stringify(id)}: {\n${rows.join(',\n')}\n    }`;
});
writeFileSync(
  TARGET,
  `{\n  "origin": "models.dev (MIT), https://github.com/anomalyco/models.dev",\n  "asOf": "${date}",\n  "providers": {\n${lines.join(',\n')}\n  }\n}\n`,
);

function sorted(models) {
  return Object.entries(models)
    .map(([id, model]) => ({ ...model, id }))
    .sort(byId);
}

function byId(a, b) {
  return a.id < b.id ? -1 : 1;
}

function compact(model) {
  const kind = kindOf(model);
  const can = abilitiesOf(model);
  const price = priceOf(model.cost);
  return {
    name: model.name,
    ...(model.limit?.context > 0 && { context: model.limit.context }),
    ...(model.limit?.output > 0 && kind === 'CHAT' && { output: model.limit.output }),
    ...(can !== '' && { can }),
    ...(kind !== 'CHAT' && { kind }),
    ...(price && { price }),
  };
}

/** T tools, V vision, R reasoning, S structured output, C prompt caching. */
function abilitiesOf(model) {
  return [
    ['T', model.tool_call],
    ['V', model.modalities?.input?.includes('image')],
    ['R', model.reasoning],
    ['S', model.structured_output],
    ['C', (model.cost?.cache_read ?? model.cost?.cached_input) !== undefined],
  ]
    .map(([letter, able]) => (able ? letter : ''))
    .join('');
}

function kindOf(model) {
  const { input = ['text'], output = ['text'] } = model.modalities ?? {};
  if (/embed/i.test(`${model.id} ${model.family ?? ''}`)) return 'EMBEDDING';
  if (!output.includes('text') || !input.includes('text') || /rerank|moderation/i.test(model.id))
    return 'OTHER';
  return 'CHAT';
}

/**
 * Dollars per million tokens: input, output, cache read, cache write. A zero is no list price: plans list zeros, and so do
 * makers that have no such class.
 */
function priceOf(cost) {
  if (!cost || !(cost.input > 0 || cost.output > 0)) return null;
  const cacheRead = cost.cache_read || cost.cached_input || null;
  const cacheWrite = cost.cache_write || cost.cached_write || null;
  const prices = [cost.input, cost.output, cacheRead, cacheWrite];
  while (prices.at(-1) === null) prices.pop();
  return prices;
}
