/** Opaque, prefixed, time-ordered identifiers: `conn_` + 26 Crockford base-32 characters (48 bits of time, 80 random). */
import { randomFillSync } from 'node:crypto';

export const ID_PREFIXES = {
  workspace: 'ws',
  adminToken: 'tok',
  provider: 'prov',
  connection: 'conn',
  secret: 'sec',
  plan: 'plan',
  model: 'mdl',
  price: 'price',
  run: 'run',
  result: 'res',
  tier: 'tier',
  rule: 'rule',
  accessKey: 'key',
  event: 'evt',
  limit: 'lim',
  alert: 'alr',
  webhook: 'whk',
  delivery: 'dlv',
  audit: 'aud',
  request: 'req',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const RANDOM_CHARS = 16;
const TIME_CHARS = 10;
// One system call fills enough randomness for 256 ids; ids are made on the request path.
const pool = Buffer.alloc(RANDOM_CHARS * 256);
let poolOffset = pool.length;

/** A new id of the given kind whose order follows `timeMs`. */
export function newId(kind: IdKind, timeMs: number): string {
  return `${ID_PREFIXES[kind]}_${encodeTime(timeMs)}${randomPart()}`;
}

/** The id another id of the same moment has under a different prefix: `evt_X` → `req_X`. */
export function siblingId(kind: IdKind, id: string): string {
  return `${ID_PREFIXES[kind]}_${id.slice(id.indexOf('_') + 1)}`;
}

/** Kind of an id by its prefix, or null when it is none of ours. */
export function kindOfId(id: string): IdKind | null {
  for (const [kind, prefix] of Object.entries(ID_PREFIXES)) {
    if (id.startsWith(`${prefix}_`)) return kind as IdKind;
  }
  return null;
}

/** Milliseconds since the epoch at which an id was made; NaN when it is malformed. */
export function timeOfId(id: string): number {
  const start = id.indexOf('_') + 1;
  let time = 0;
  for (let i = start; i < start + TIME_CHARS; i++) {
    const digit = ALPHABET.indexOf(id[i] ?? '!');
    if (digit < 0) return Number.NaN;
    time = time * 32 + digit;
  }
  return time;
}

function encodeTime(timeMs: number): string {
  let rest = Math.floor(timeMs);
  let text = '';
  for (let i = 0; i < TIME_CHARS; i++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function randomPart(): string {
  if (poolOffset + RANDOM_CHARS > pool.length) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  let text = '';
  for (let i = 0; i < RANDOM_CHARS; i++) text += ALPHABET.charAt((pool[poolOffset + i] ?? 0) & 31);
  poolOffset += RANDOM_CHARS;
  return text;
}
