/**
 * Compiles models.dev's `api.json` to the compact form of the catalogue: only what routing and prices need. What does not
 * look like a model is left out; a document that is no catalogue at all is refused as a whole.
 */
import { z } from 'zod';
import type { ModelKind } from '../../domain/vocabulary.js';

/** One model; absent fields are unknown. */
export interface CatalogEntry {
  readonly name: string;
  readonly context?: number;
  readonly output?: number;
  /** T tools, V vision, R reasoning, S structured output, C prompt caching. */
  readonly can?: string;
  /** `CHAT` when absent. */
  readonly kind?: string;
  /** Dollars per million tokens: input, output, cache read, cache write. */
  readonly price?: readonly (number | null)[];
}

export interface CatalogFile {
  readonly origin: string;
  /** Day it was taken, `YYYY-MM-DD`. */
  readonly asOf: string;
  /** By the catalogue's id of the provider, then by model id. */
  readonly providers: Readonly<Record<string, Readonly<Record<string, CatalogEntry>>>>;
}

const ORIGIN = 'models.dev (MIT), https://github.com/anomalyco/models.dev';
const amount = z.number().nonnegative().optional();
const modalities = z.array(z.string()).optional();
const sourceModel = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  family: z.string().optional(),
  limit: z.object({ context: amount, output: amount }).optional(),
  modalities: z.object({ input: modalities, output: modalities }).optional(),
  tool_call: z.boolean().optional(),
  reasoning: z.boolean().optional(),
  structured_output: z.boolean().optional(),
  cost: z
    .object({
      input: amount,
      output: amount,
      cache_read: amount,
      cache_write: amount,
      cached_input: amount,
      cached_write: amount,
    })
    .optional(),
});
const sourceFile = z.record(z.string(), z.object({ models: z.record(z.string(), z.unknown()) }));
type SourceModel = z.infer<typeof sourceModel>;

const storedEntry = z.object({
  name: z.string().min(1),
  context: z.number().int().positive().optional(),
  output: z.number().int().positive().optional(),
  can: z.string().optional(),
  kind: z.string().optional(),
  price: z.array(z.number().nonnegative().nullable()).optional(),
});
const storedFile = z.object({
  origin: z.string(),
  asOf: z.iso.date(),
  providers: z.record(z.string(), z.record(z.string(), storedEntry)),
});

/** Null for a document of another shape. Only the providers `wanted`, when they are named. */
export function compileCatalog(
  source: unknown,
  asOf: string,
  wanted?: ReadonlySet<string>,
): CatalogFile | null {
  const parsed = sourceFile.safeParse(source);
  if (!parsed.success) return null;
  const providers = Object.entries(parsed.data)
    .filter(([id]) => wanted === undefined || wanted.has(id))
    .toSorted(byId)
    .map(([id, { models }]) => [id, compileModels(models)] as const);
  return { origin: ORIGIN, asOf, providers: Object.fromEntries(providers) };
}

/** A catalogue that was compiled before; null when it is damaged. */
export function readCatalogFile(text: string): CatalogFile | null {
  try {
    const parsed = storedFile.safeParse(JSON.parse(text));
    return parsed.success ? (parsed.data as CatalogFile) : null;
  } catch {
    return null;
  }
}

/** One model a line, so that a newer copy shows as a readable diff. */
export function formatCatalogFile({ origin, asOf, providers }: CatalogFile): string {
  const parts = Object.entries(providers).map(([id, models]) => {
    const lines = Object.entries(models).map(
      ([model, entry]) => `      ${JSON.stringify(model)}: ${JSON.stringify(entry)}`,
    );
    return `    ${JSON.stringify(id)}: {\n${lines.join(',\n')}\n    }`;
  });
  const head = `  "origin": ${JSON.stringify(origin)},\n  "asOf": ${JSON.stringify(asOf)},\n`;
  return `{\n${head}  "providers": {\n${parts.join(',\n')}\n  }\n}\n`;
}

/** How many models a catalogue knows. */
export function catalogSize({ providers }: CatalogFile): number {
  return Object.values(providers).reduce((sum, models) => sum + Object.keys(models).length, 0);
}

function compileModels(models: Readonly<Record<string, unknown>>): Record<string, CatalogEntry> {
  const entries = Object.entries(models)
    .toSorted(byId)
    .flatMap(([id, model]) => {
      const parsed = sourceModel.safeParse(typeof model === 'object' ? { ...model, id } : model);
      return parsed.success ? [[id, compileModel(parsed.data)] as const] : [];
    });
  return Object.fromEntries(entries);
}

function byId([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function compileModel(model: SourceModel): CatalogEntry {
  const kind = kindOf(model);
  const can = abilitiesOf(model);
  const price = priceOf(model.cost);
  const { context, output } = model.limit ?? {};
  return {
    name: model.name,
    ...(context ? { context } : {}),
    ...(output && kind === 'CHAT' ? { output } : {}),
    ...(can === '' ? {} : { can }),
    ...(kind === 'CHAT' ? {} : { kind }),
    ...(price && { price }),
  };
}

function abilitiesOf(model: SourceModel): string {
  const abilities: readonly (readonly [string, boolean | undefined])[] = [
    ['T', model.tool_call],
    ['V', model.modalities?.input?.includes('image')],
    ['R', model.reasoning],
    ['S', model.structured_output],
    ['C', (model.cost?.cache_read ?? model.cost?.cached_input) !== undefined],
  ];
  return abilities.map(([letter, able]) => (able === true ? letter : '')).join('');
}

function kindOf(model: SourceModel): ModelKind {
  const { input = ['text'], output = ['text'] } = model.modalities ?? {};
  if (/embed/i.test(`${model.id} ${model.family ?? ''}`)) return 'EMBEDDING';
  const chats = output.includes('text') && input.includes('text') && !/rerank|moderation/i.test(model.id);
  return chats ? 'CHAT' : 'OTHER';
}

/** A zero is no list price: plans list zeros, and so do makers that have no such class. */
function priceOf(cost: SourceModel['cost']): (number | null)[] | null {
  const { input, output } = cost ?? {};
  if (cost === undefined || input === undefined || output === undefined || !(input > 0 || output > 0))
    return null;
  const cacheRead = cost.cache_read || cost.cached_input || null;
  const cacheWrite = cost.cache_write || cost.cached_write || null;
  const prices = [input, output, cacheRead, cacheWrite];
  while (prices.at(-1) === null) prices.pop();
  return prices;
}
