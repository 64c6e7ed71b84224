/**
 * What a request needs on its way to a provider of its own dialect: the bound on output, fields and words the provider
 * refuses, and thoughts that carry our seal. Everything else stays the bytes that came.
 */
import { REASONING_EFFORTS } from '../canonical.js';
import type { RepairPassthrough } from '../dialect.js';
import { text } from '../fields.js';
import {
  parseSpan,
  scanElements,
  scanMembers,
  type Edit,
  type JsonMembers,
  type Span,
} from '../json-scan.js';
import { isFrom, readSeal, SEAL_PREFIX } from '../reasoning-seal.js';
import { clampOutput, nearestEffort } from '../repairs.js';
import type { Target } from '../target.js';

const SEALED = Buffer.from(`"${SEAL_PREFIX}`, 'latin1');
const OPEN_OBJECT = 0x7b;

interface Found {
  readonly edits: readonly Edit[];
  /** Names of the rules; none where nobody needs to be told. */
  readonly repairs: readonly string[];
}

type Rule = (body: Buffer, members: JsonMembers, target: Target) => Found | null;

export const repairPassthrough: RepairPassthrough = (body, members, target) => {
  const refused = new Set(target.quirks.refusedFields ?? []);
  const left = { ...members, values: new Map([...members.values].filter(([key]) => !refused.has(key))) };
  const found = [refusedFields(members, refused), ...RULES.map((rule) => rule(body, left, target))].filter(
    (one) => one !== null,
  );
  return {
    edits: found.flatMap(({ edits }) => edits),
    repairs: found.flatMap(({ repairs }) => repairs),
  };
};

function refusedFields(members: JsonMembers, refused: ReadonlySet<string>): Found | null {
  const all = [...members.values].map(([key, { keyStart, end }]) => ({
    start: keyStart,
    end,
    gone: refused.has(key),
  }));
  const edits = removals(all);
  const gone = [...members.values.keys()].filter((key) => refused.has(key));
  return gone.length === 0 ? null : { edits, repairs: gone.map((field) => `removed.${field}`) };
}

const clampedOutput: Rule = (body, { values }, target) => {
  const span = values.get('max_output_tokens');
  const wanted = span && parseSpan(body, span);
  if (span === undefined || typeof wanted !== 'number') return null;
  const { value, clamped } = clampOutput(wanted, target);
  return clamped ? { edits: [{ ...span, text: String(value) }], repairs: ['max_tokens_clamped'] } : null;
};

const knownEffort: Rule = (body, { values }, { quirks }) => {
  const reasoning = values.get('reasoning');
  if (reasoning === undefined || body[reasoning.start] !== OPEN_OBJECT) return null;
  const span = scanMembers(body, reasoning.start).values.get('effort');
  const stated = span && parseSpan(body, span);
  const effort = REASONING_EFFORTS.find((word) => word === stated);
  if (span === undefined || effort === undefined) return null;
  const nearest = nearestEffort(effort, quirks.efforts);
  if (nearest === effort) return null;
  return { edits: [{ ...span, text: JSON.stringify(nearest) }], repairs: ['reasoning_effort'] };
};

const clampedTemperature: Rule = (body, { values }, { quirks }) => {
  const span = values.get('temperature');
  const wanted = span && parseSpan(body, span);
  const hottest = quirks.temperatureMax ?? Infinity;
  if (span === undefined || typeof wanted !== 'number' || wanted <= hottest) return null;
  return { edits: [{ ...span, text: String(hottest) }], repairs: ['temperature_clamped'] };
};

const developerRole: Rule = (body, { values }, { quirks }) => {
  const input = values.get('input');
  if (input === undefined || quirks.noDeveloperRole !== true) return null;
  const edits: Edit[] = [];
  scanElements(body, input.start, (item) => {
    const role =
      body[item.start] === OPEN_OBJECT ? scanMembers(body, item.start).values.get('role') : undefined;
    if (role !== undefined && parseSpan(body, role) === 'developer')
      edits.push({ ...role, text: '"system"' });
    return true;
  });
  return edits.length === 0 ? null : { edits, repairs: ['developer_role'] };
};

/**
 * Thoughts this gateway sealed: a provider gets back its own as it wrote them, and is not shown those of others, whose
 * seals it would refuse.
 */
const sealedThoughts: Rule = (body, { values }, target) => {
  const input = values.get('input');
  if (input === undefined || body.indexOf(SEALED, input.start) < 0) return null;
  const items: Removable[] = [];
  const edits: Edit[] = [];
  scanElements(body, input.start, (span) => {
    const thought = ownWords(body, span, target);
    items.push({ ...span, gone: thought === null });
    edits.push(...(thought ?? []));
    return true;
  });
  return { edits: [...edits, ...removals(items)], repairs: [] };
};

const RULES: readonly Rule[] = [
  clampedOutput,
  knownEffort,
  clampedTemperature,
  developerRole,
  sealedThoughts,
];

/** Edits that give a thought back to the model it is from; none for what is no thought of ours, null for one of others. */
function ownWords(body: Buffer, span: Span, target: Target): readonly Edit[] | null {
  if (body[span.start] !== OPEN_OBJECT) return [];
  const { values } = scanMembers(body, span.start);
  const sealed = values.get('encrypted_content');
  const stated = sealed === undefined ? null : text(parseSpan(body, sealed));
  if (sealed === undefined || stated === null || !stated.startsWith(SEAL_PREFIX)) return [];
  const origin = readSeal(stated, 'OPENAI_RESPONSES');
  if (!isFrom(origin, target.model) || origin.protocol !== 'OPENAI_RESPONSES' || origin.signature === null)
    return null;
  const id = values.get('id');
  const idEdits =
    id === undefined || origin.itemId === undefined ? [] : [{ ...id, text: JSON.stringify(origin.itemId) }];
  return [{ ...sealed, text: JSON.stringify(origin.signature) }, ...idEdits];
}

interface Removable extends Span {
  readonly gone: boolean;
}

/** Edits that take some of a list's elements or of an object's members out, each with one of the commas beside it. */
function removals(unordered: readonly Removable[]): readonly Edit[] {
  const all = [...unordered].sort((a, b) => a.start - b.start);
  const edits: Edit[] = [];
  let keptEnd: number | null = null;
  for (let at = 0; at < all.length; at++) {
    const first = all[at];
    if (first === undefined) break;
    if (!first.gone) {
      keptEnd = first.end;
      continue;
    }
    while (all[at + 1]?.gone === true) at++;
    const last = all[at] ?? first;
    const next = all[at + 1];
    if (next !== undefined) edits.push({ start: first.start, end: next.start, text: '' });
    else edits.push({ start: keptEnd ?? first.start, end: last.end, text: '' });
  }
  return edits;
}
