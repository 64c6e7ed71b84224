/** The schema's own scalars: strict on what comes in, exact on what goes out. */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { formatUsd, parseUsd } from '../../domain/money.js';

const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;
const FIRST_INSTANT = Date.parse('0001-01-01T00:00:00Z');
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z');
const URL_MAX_CHARS = 2_048;

function refuse(scalar: string, wanted: string, value: unknown): never {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : typeof value;
  throw new GraphQLError(`${scalar} must be ${wanted}, not ${shown}.`);
}

/** A scalar written as a string in documents and variables alike. */
function stringScalar<T>(config: {
  name: string;
  description: string;
  specifiedByURL?: string;
  parse: (text: string) => T | null;
  wanted: string;
  serialize: (value: unknown) => string;
}): GraphQLScalarType<T, string> {
  const parseValue = (value: unknown): T => {
    const parsed = typeof value === 'string' ? config.parse(value) : null;
    return parsed ?? refuse(config.name, config.wanted, value);
  };
  return new GraphQLScalarType<T, string>({
    name: config.name,
    description: config.description,
    specifiedByURL: config.specifiedByURL,
    serialize: config.serialize,
    parseValue,
    parseLiteral: (node: ValueNode) =>
      node.kind === Kind.STRING ? parseValue(node.value) : refuse(config.name, config.wanted, node.kind),
  });
}

/** Milliseconds since the epoch inside, RFC 3339 outside. */
export const DateTimeScalar = stringScalar<number>({
  name: 'DateTime',
  description: 'Instant in RFC 3339 form with a UTC offset; always answered in UTC (`Z`).',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  wanted: 'an RFC 3339 instant such as "2026-01-31T12:00:00Z"',
  parse: parseInstant,
  serialize: (value) => {
    if (typeof value !== 'number') throw new TypeError(`DateTime cannot represent ${typeof value}`);
    return new Date(value).toISOString();
  },
});

/** Text inside as outside. */
export const UrlScalar = stringScalar<string>({
  name: 'URL',
  description: 'Absolute URL as defined by the WHATWG URL standard.',
  specifiedByURL: 'https://url.spec.whatwg.org/',
  wanted: 'an absolute URL such as "https://example.com/path"',
  parse: (text) => (text.length <= URL_MAX_CHARS && URL.canParse(text) ? text : null),
  serialize: (value) => {
    if (typeof value !== 'string' || !URL.canParse(value))
      throw new TypeError('URL cannot represent this value');
    return value;
  },
});

/** Nano-dollars or decimal text inside on the way out; decimal text on the way in. */
export const DecimalScalar = stringScalar<string>({
  name: 'Decimal',
  description:
    'Exact decimal number written as a string, such as `"0.0000012"`. Never a float: sums stay exact.',
  wanted: 'a decimal number in a string, with at most nine decimal places, such as "12.50"',
  parse: canonicalDecimal,
  serialize: (value) => {
    if (typeof value === 'bigint') return formatUsd(value);
    const text = typeof value === 'string' ? canonicalDecimal(value) : null;
    if (text === null) throw new TypeError(`Decimal cannot represent ${typeof value}`);
    return text;
  },
});

const isSafeInt = (value: unknown): value is number => Number.isSafeInteger(value);

function parseSafeInt(value: unknown): number {
  return isSafeInt(value) ? value : refuse('SafeInt', 'a whole number of at most 2^53 - 1', value);
}

/** A JSON number that is whole and exact. */
export const SafeIntScalar = new GraphQLScalarType<number, number>({
  name: 'SafeInt',
  description:
    'Whole number up to 2^53 - 1, written as a JSON number. Used for token counts, which outgrow the 32-bit `Int`.',
  serialize: (value) => {
    if (!isSafeInt(value)) throw new TypeError(`SafeInt cannot represent ${String(value)}`);
    return value;
  },
  parseValue: parseSafeInt,
  parseLiteral: (node) => parseSafeInt(node.kind === Kind.INT ? Number(node.value) : node.kind),
});

function parseInstant(text: string): number | null {
  const match = RFC_3339.exec(text);
  if (!match) return null;
  const [, year, month, day] = match;
  // `Date` rolls the 31st of February over into March.
  const calendar = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (calendar.getUTCMonth() !== Number(month) - 1 || calendar.getUTCDate() !== Number(day)) return null;
  const time = Date.parse(text);
  return isInstant(time) ? time : null;
}

/** Whether RFC 3339, JavaScript and Postgres can all write a moment: its year in UTC is 1 to 9999. */
export function isInstant(time: number): boolean {
  return Number.isInteger(time) && time >= FIRST_INSTANT && time <= LAST_INSTANT;
}

function canonicalDecimal(text: string): string | null {
  const nano = parseUsd(text);
  return nano === null ? null : formatUsd(nano);
}
