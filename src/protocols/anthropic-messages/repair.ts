/**
 * What a request needs on its way to a provider of its own dialect: the bound on output, fields the provider refuses, and
 * thoughts of other providers, whose seals this one would refuse. Everything else stays the bytes that came.
 */
import type { PassthroughRepair, RepairPassthrough } from '../dialect.js';
import { isObject, text } from '../fields.js';
import {
  parseSpan,
  removeItems,
  scanElements,
  scanMembers,
  type Edit,
  type JsonMembers,
  type Span,
} from '../json-scan.js';
import { readSeal, SEAL_PREFIX } from '../reasoning-seal.js';
import { THINKING_BUDGET_MIN_TOKENS } from '../repairs.js';
import type { Target } from '../target.js';

const SEALED = Buffer.from(`"${SEAL_PREFIX}`, 'latin1');
const OPEN_OBJECT = 0x7b;

export const repairPassthrough: RepairPassthrough = (body, members, target) => {
  const found = [
    clampedOutput(body, members, target),
    refusedFields(members, target),
    foreignThoughts(body, members),
  ];
  return { edits: found.flatMap(({ edits }) => edits), repairs: found.flatMap(({ repairs }) => repairs) };
};

const NOTHING: PassthroughRepair = { edits: [], repairs: [] };

/** A budget for thinking has to stay below the bound on output, so that it is lowered with it. */
function clampedOutput(
  body: Buffer,
  members: JsonMembers,
  { maxOutputTokens: most }: Target,
): PassthroughRepair {
  const span = members.values.get('max_tokens');
  const wanted = span && parseSpan(body, span);
  if (span === undefined || most === null || typeof wanted !== 'number' || wanted <= most) return NOTHING;
  const edits: Edit[] = [{ ...span, text: String(most) }];
  const thinking = members.values.get('thinking');
  if (thinking !== undefined && body[thinking.start] === OPEN_OBJECT) {
    const budget = scanMembers(body, thinking.start).values.get('budget_tokens');
    const tokens = budget && parseSpan(body, budget);
    if (budget !== undefined && typeof tokens === 'number' && tokens >= most) {
      edits.push({ ...budget, text: String(Math.max(most - 1, THINKING_BUDGET_MIN_TOKENS)) });
    }
  }
  return { edits, repairs: ['max_tokens_clamped'] };
}

function refusedFields(members: JsonMembers, { quirks }: Target): PassthroughRepair {
  const fields = new Set(quirks.refusedFields);
  const refused = [...members.values].filter(([key]) => fields.has(key));
  if (refused.length === 0) return NOTHING;
  const starts = new Set(refused.map(([, { keyStart }]) => keyStart));
  const all = [...members.values.values()].map(({ keyStart, end }) => ({ start: keyStart, end }));
  all.sort((a, b) => a.start - b.start);
  const edits = removeItems(all, ({ start }) => starts.has(start));
  return { edits, repairs: refused.map(([field]) => `removed.${field}`) };
}

/** A thought under a seal of ours is of a model that was asked in another dialect: it is nothing this one can be shown. */
function foreignThoughts(body: Buffer, members: JsonMembers): PassthroughRepair {
  const list = members.values.get('messages');
  if (list === undefined || !body.includes(SEALED)) return NOTHING;
  const messages: Span[] = [];
  const emptied = new Set<Span>();
  const edits: Edit[] = [];
  scanElements(body, list.start, (message) => {
    messages.push(message);
    const content =
      body[message.start] === OPEN_OBJECT && scanMembers(body, message.start).values.get('content');
    if (!content) return true;
    const blocks: Span[] = [];
    const foreign = new Set<Span>();
    scanElements(body, content.start, (block) => {
      blocks.push(block);
      if (isForeignThought(body, block)) foreign.add(block);
      return true;
    });
    if (foreign.size > 0 && foreign.size === blocks.length) emptied.add(message);
    else edits.push(...removeItems(blocks, (block) => foreign.has(block)));
    return true;
  });
  edits.push(...removeItems(messages, (message) => emptied.has(message)));
  return edits.length === 0 ? NOTHING : { edits, repairs: ['foreign_thoughts'] };
}

function isForeignThought(body: Buffer, span: Span): boolean {
  // Every block is looked at, but only those that can hold a seal are parsed.
  if (!body.subarray(span.start, span.end).includes(SEALED)) return false;
  const block = parseSpan(body, span);
  if (!isObject(block)) return false;
  const seal = { thinking: block['signature'], redacted_thinking: block['data'] }[String(block['type'])];
  return readSeal(text(seal), 'ANTHROPIC_MESSAGES').model !== null;
}
