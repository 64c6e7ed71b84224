/** Puts what is remembered of a model's thoughts back into a request, for the model they are from and for no other. */
import type { CanonicalMessage, CanonicalRequest, RequestPart } from '../protocols/canonical.js';
import type { PassthroughRepair } from '../protocols/dialect.js';
import {
  parseSpan,
  removeItems,
  scanElements,
  scanMembers,
  scanObject,
  type Edit,
  type JsonMembers,
  type Span,
} from '../protocols/json-scan.js';
import { isFrom } from '../protocols/reasoning-seal.js';
import type { Target } from '../protocols/target.js';
import type { ScopedMemory } from './reasoning-memory.js';

const OPEN_OBJECT = 0x7b;
const NOTHING: PassthroughRepair = { edits: [], repairs: [] };

/** The request with thoughts before the calls they led to, where the caller shows none of this model's. */
export function withThoughts(
  request: CanonicalRequest,
  memory: ScopedMemory,
  target: Target,
): CanonicalRequest {
  const messages = request.messages.map((message) => withThoughtsOf(message, memory, target));
  return messages.some((message, index) => message !== request.messages[index])
    ? { ...request, messages }
    : request;
}

function withThoughtsOf(message: CanonicalMessage, memory: ScopedMemory, target: Target): CanonicalMessage {
  if (message.role !== 'assistant') return message;
  const carried = message.content.some(
    (part) => part.type === 'reasoning' && isFrom(part.origin, target.model),
  );
  let changed = false;
  const content = message.content.flatMap((part): RequestPart[] => {
    const known = part.type === 'tool_call' ? memory.recall(part.id) : undefined;
    if (part.type !== 'tool_call' || known === undefined) return [part];
    changed = true;
    const sealed =
      known.origin !== null && part.origin === undefined ? { ...part, origin: known.origin } : part;
    return carried ? [sealed] : [...known.thoughts, sealed];
  });
  return changed ? { ...message, content } : message;
}

/** Edits that put remembered thoughts into a chat request that is passed on: into assistant turns with calls that lack them. */
export function replayIntoChat(body: Buffer, memory: ScopedMemory): PassthroughRepair {
  const edits: Edit[] = [];
  // Most requests call nothing yet; a search costs less than finding every message. Words of eight letters and more are
  // searched for in another way, which takes twenty times as long here.
  if (!body.includes('_calls"')) return NOTHING;
  for (const span of messageSpans(body)) {
    const message = assistantMessage(body, span);
    const calls = message?.values.get('tool_calls');
    if (!message || !calls) continue;
    if (message.values.has('reasoning_content') || message.values.has('reasoning')) continue;
    const thoughts = callIds(body, calls).flatMap((id) => memory.recall(id)?.thoughts ?? []);
    // Some providers refuse a turn without the field; an empty one they take, when the thought is forgotten.
    const text = thoughts.map((thought) => thought.text).join('');
    const at = span.start + 1;
    edits.push({ start: at, end: at, text: `"reasoning_content":${JSON.stringify(text)},` });
  }
  return { edits, repairs: edits.length > 0 ? ['reasoning_replayed'] : [] };
}

/** Edits that leave thoughts of other models out of a messages request that is passed on: their seals would be refused. */
export function leaveOutForeignThoughts(body: Buffer, memory: ScopedMemory): PassthroughRepair {
  if (!body.includes('thinking"')) return NOTHING;
  const edits: Edit[] = [];
  const turns = messageSpans(body);
  const emptied = new Set<Span>();
  for (const turn of turns) {
    const content = assistantMessage(body, turn)?.values.get('content');
    const blocks = content === undefined ? [] : elementsOf(body, content);
    const foreign = new Set(blocks.filter((block) => isForeignThought(body, block, memory)));
    // A turn that was nothing but thought goes as a whole: an empty one would be refused.
    if (foreign.size > 0 && foreign.size === blocks.length) emptied.add(turn);
    else edits.push(...removeItems(blocks, (block) => foreign.has(block)));
  }
  edits.push(...removeItems(turns, (turn) => emptied.has(turn)));
  return { edits, repairs: edits.length > 0 ? ['foreign_thoughts'] : [] };
}

function isForeignThought(body: Buffer, span: Span, memory: ScopedMemory): boolean {
  if (body[span.start] !== OPEN_OBJECT) return false;
  const block = scanMembers(body, span.start);
  const type = textOf(body, block.values.get('type'));
  if (type !== 'thinking' && type !== 'redacted_thinking') return false;
  const seal = textOf(body, block.values.get(type === 'thinking' ? 'signature' : 'data'));
  return seal !== null && memory.isForeign(seal);
}

function messageSpans(body: Buffer): Span[] {
  const messages = scanObject(body).values.get('messages');
  return messages === undefined ? [] : elementsOf(body, messages);
}

/** The members of a message of the assistant; null for another's. */
function assistantMessage(body: Buffer, span: Span): JsonMembers | null {
  if (body[span.start] !== OPEN_OBJECT) return null;
  const message = scanMembers(body, span.start);
  return textOf(body, message.values.get('role')) === 'assistant' ? message : null;
}

function elementsOf(body: Buffer, list: Span): Span[] {
  const elements: Span[] = [];
  // Anything but a list has none.
  scanElements(body, list.start, (element) => {
    elements.push(element);
    return true;
  });
  return elements;
}

function callIds(body: Buffer, calls: Span): string[] {
  return elementsOf(body, calls).flatMap((call) => {
    if (body[call.start] !== OPEN_OBJECT) return [];
    return textOf(body, scanMembers(body, call.start).values.get('id')) ?? [];
  });
}

function textOf(body: Buffer, span: Span | undefined): string | null {
  const value = span === undefined ? null : parseSpan(body, span);
  return typeof value === 'string' ? value : null;
}
