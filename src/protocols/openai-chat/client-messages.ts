/** The conversation of a chat request, the older spelling of tool calls included. */
import type {
  CanonicalMessage,
  ReasoningPart,
  RequestPart,
  ToolCallPart,
  ToolResultPart,
} from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import {
  isStated,
  listOf,
  objectOf,
  optionalObject,
  optionalObjects,
  optionalText,
  pathOf,
  requiredList,
  requiredName,
  requiredObject,
  requiredText,
  text,
  wrong,
} from '../fields.js';
import { readSeal } from '../reasoning-seal.js';
import { readCache, readContent, readTexts } from './client-parts.js';
import { readReasoningTexts, sealTextOf } from './reasoning-text.js';

const ROLES = 'one of system, developer, user, assistant, tool, function';

/** The messages in order. Results of one turn's calls stand together in one message of the user. */
export function readMessages(body: JsonObject, dropped: Set<string>): readonly CanonicalMessage[] {
  const stated = requiredList(body, 'messages');
  if (stated.length === 0) throw wrong('messages', 'a list of at least one message');
  const messages: CanonicalMessage[] = [];
  let results: ToolResultPart[] | null = null;
  /** Ids we gave to calls of the older spelling, which has none, by function. */
  const legacyIds = new Map<string, string>();
  for (const [message, at] of optionalObjects(body, 'messages')) {
    const role = message['role'];
    if (role === 'tool' || role === 'function') {
      const result = role === 'tool' ? readResult(message, at) : readLegacyResult(message, at, legacyIds);
      if (results === null) messages.push({ role: 'user', content: (results = []) });
      results.push(result);
      continue;
    }
    results = null;
    if (isStated(message['name'])) dropped.add('name');
    messages.push(readMessage(message, at, dropped, legacyIds));
  }
  return messages;
}

function readMessage(
  message: JsonObject,
  at: string,
  dropped: Set<string>,
  legacyIds: Map<string, string>,
): CanonicalMessage {
  const role = message['role'];
  switch (role) {
    case 'system':
    case 'developer':
      return { role, content: required(readTexts(message, at), message, at) };
    case 'user': {
      const content = readContent(message, at);
      const refusal = content.findIndex((part) => part.type === 'refusal');
      if (refusal >= 0) throw wrong(`${at}.content[${refusal}].type`, 'something else than refusal here');
      return { role, content: required(content, message, at) };
    }
    case 'assistant':
      return { role, content: readTurn(message, at, dropped, legacyIds) };
    default:
      throw wrong(pathOf(at, 'role'), ROLES);
  }
}

function required<Part>(parts: readonly Part[], message: JsonObject, at: string): readonly Part[] {
  if (!isStated(message['content'])) throw wrong(pathOf(at, 'content'), 'a string or a list of parts');
  return parts;
}

/** What the model said before: its thoughts first, its calls last. */
function readTurn(
  message: JsonObject,
  at: string,
  dropped: Set<string>,
  legacyIds: Map<string, string>,
): readonly RequestPart[] {
  const parts: RequestPart[] = [...readThoughts(message), ...readContent(message, at)];
  const refusal = optionalText(message, 'refusal', at);
  if (refusal !== null) parts.push({ type: 'refusal', text: refusal });
  if (isStated(message['audio'])) dropped.add('audio');
  for (const [call, where] of optionalObjects(message, 'tool_calls', at)) parts.push(readCall(call, where));
  const legacy = optionalObject(message, 'function_call', at);
  if (legacy !== null) {
    const where = pathOf(at, 'function_call');
    const name = requiredName(legacy, 'name', where);
    // Named after its place, so that the next turn gives it the same one.
    const id = `call_${at.replace(/\D/g, '')}_${name}`;
    legacyIds.set(name, id);
    parts.push({ type: 'tool_call', id, name, input: requiredText(legacy, 'arguments', where) });
  }
  return parts;
}

function readThoughts(message: JsonObject): readonly ReasoningPart[] {
  const sealed: ReasoningPart[] = listOf(message['reasoning_details']).flatMap((detail) => {
    const { text: thought, summary, signature, data } = objectOf(detail);
    const seal = text(signature) ?? text(data);
    const words = text(thought) ?? text(summary) ?? '';
    if (seal === null && words === '') return [];
    return [{ type: 'reasoning' as const, text: words, origin: readSeal(seal, 'OPENAI_CHAT') }];
  });
  if (sealed.length > 0) return sealed;
  const thought = readReasoningTexts(message);
  return thought === '' ? [] : [{ type: 'reasoning', text: thought, origin: readSeal(null, 'OPENAI_CHAT') }];
}

function readCall(call: JsonObject, at: string): ToolCallPart {
  const id = requiredName(call, 'id', at);
  const seal = sealTextOf(call);
  const sealed = { ...(seal !== null && { origin: readSeal(seal, 'OPENAI_CHAT') }), ...readCache(call) };
  if (call['type'] === 'custom') {
    const custom = requiredObject(call, 'custom', at);
    const where = pathOf(at, 'custom');
    const name = requiredName(custom, 'name', where);
    return { type: 'tool_call', id, name, input: requiredText(custom, 'input', where), ...sealed };
  }
  // Some clients leave `type` out.
  if (isStated(call['type']) && call['type'] !== 'function') throw wrong(`${at}.type`, 'function or custom');
  const called = requiredObject(call, 'function', at);
  const where = pathOf(at, 'function');
  const name = requiredName(called, 'name', where);
  const input = optionalText(called, 'arguments', where) ?? '';
  return { type: 'tool_call', id, name, input, ...sealed };
}

function readResult(message: JsonObject, at: string): ToolResultPart {
  const callId = requiredName(message, 'tool_call_id', at);
  return { type: 'tool_result', callId, ...resultContent(message, at) };
}

function readLegacyResult(
  message: JsonObject,
  at: string,
  legacyIds: ReadonlyMap<string, string>,
): ToolResultPart {
  const name = requiredName(message, 'name', at);
  const callId = legacyIds.get(name);
  if (callId === undefined) throw wrong(`${at}.name`, 'the name of a function that was called before');
  return { type: 'tool_result', callId, ...resultContent(message, at) };
}

function resultContent(message: JsonObject, at: string): Pick<ToolResultPart, 'content' | 'isError'> {
  const content = readContent(message, at).map((part, index) => {
    if (part.type === 'text' || part.type === 'image' || part.type === 'file') return part;
    throw wrong(`${at}.content[${index}].type`, 'text, image_url or file in the result of a tool');
  });
  return { content, isError: false };
}
