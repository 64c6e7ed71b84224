/** Turns as the flat list of items that a Responses provider takes. */
import type {
  CanonicalMessage,
  CanonicalRequest,
  ReasoningPart,
  RequestPart,
  ToolCallPart,
  ToolResultPart,
} from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import { argumentsOfText, freeTextTools, isArguments } from '../free-text.js';
import { isFrom } from '../reasoning-seal.js';
import { plainToolId, toolIdFor } from '../repairs.js';
import type { Target } from '../target.js';
import type { Notes } from '../notes.js';
import { writeContent, type WritablePart } from './provider-parts.js';

export interface WrittenInput {
  /** The instructions before the first turn; null when there are none. */
  readonly instructions: string | null;
  readonly input: readonly JsonObject[];
}

interface Writing {
  readonly target: Target;
  readonly notes: Notes;
  /** Ids of calls of tools that take free text: their results have a type of their own. */
  readonly freeTextCalls: ReadonlySet<string>;
}

export function writeInput(request: CanonicalRequest, target: Target, notes: Notes): WrittenInput {
  const { messages } = request;
  const writing = { target, notes, freeTextCalls: freeTextCallsOf(request) };
  const firstTurn = messages.findIndex((message) => !isLeading(message));
  // Instructions alone are no input, without which there is nothing to answer.
  const leading = messages.slice(0, Math.max(firstTurn, 0));
  const texts = leading.flatMap(({ content }) => content.map((part) => (part.type === 'text' ? part : null)));
  if (texts.some((part) => part?.cache !== undefined)) notes.drop('cache_control');
  const instructions = texts.map((part) => part?.text ?? '').join('\n\n');
  return {
    instructions: instructions === '' ? null : instructions,
    input: messages.slice(leading.length).flatMap((message) => writeMessage(message, writing)),
  };
}

function freeTextCallsOf({ messages, tools }: CanonicalRequest): ReadonlySet<string> {
  const names = freeTextTools(tools);
  const calls = messages.flatMap(({ content }) => content.filter((part) => part.type === 'tool_call'));
  return new Set(calls.filter(({ name }) => names.has(name)).map(({ id }) => id));
}

/** Whether a message is instructions alone, as the field for them takes them. */
function isLeading({ role, content }: CanonicalMessage): boolean {
  return (role === 'system' || role === 'developer') && content.every((part) => part.type === 'text');
}

function writeMessage({ role, content }: CanonicalMessage, writing: Writing): readonly JsonObject[] {
  const { target, notes } = writing;
  if (role === 'assistant') return writeTurn(content, writing);
  const refused = role === 'developer' && target.quirks.noDeveloperRole === true;
  if (refused) notes.repair('developer_role');
  const results = content.filter((part) => part.type === 'tool_result');
  const said = writeContent(content.filter(isSaid), target, notes);
  return [
    ...results.map((result) => writeResult(result, writing)),
    ...(said.length > 0 ? [{ type: 'message', role: refused ? 'system' : role, content: said }] : []),
  ];
}

function isSaid(part: RequestPart): part is WritablePart {
  return part.type === 'text' || part.type === 'image' || part.type === 'file' || part.type === 'audio';
}

/** What the model said before, item by item, in its order. */
function writeTurn(content: readonly RequestPart[], writing: Writing): readonly JsonObject[] {
  const items: JsonObject[] = [];
  // A thought without what it led to is refused.
  const thoughtOnly = content.every((part) => part.type === 'reasoning');
  let texts: JsonObject[] | null = null;
  for (const part of content) {
    // Many callers write empty text beside calls; it was never said.
    if (part.type === 'text' && part.text === '') continue;
    if (part.type === 'text' || part.type === 'refusal') {
      if (part.type === 'text' && part.cache !== undefined) writing.notes.drop('cache_control');
      if (texts === null) {
        texts = [];
        items.push({ type: 'message', role: 'assistant', content: texts });
      }
      texts.push(
        part.type === 'text'
          ? { type: 'output_text', text: part.text, annotations: [] }
          : { type: 'refusal', refusal: part.text },
      );
      continue;
    }
    texts = null;
    if (part.type === 'tool_call') items.push(writeCall(part, writing));
    if (part.type === 'reasoning' && !thoughtOnly) items.push(...writeReasoning(part, writing.target));
  }
  return items;
}

/** A thought, to the model it is from: sealed as it gave it, or in plain text where that is what it demands. */
function writeReasoning({ text, origin }: ReasoningPart, target: Target): readonly JsonObject[] {
  if (!isFrom(origin, target.model)) return [];
  const plain = target.quirks.replays === 'reasoning_content' && text !== '';
  if (origin.protocol !== 'OPENAI_RESPONSES' || origin.signature === null) {
    return plain ? [{ type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text }] }] : [];
  }
  return [
    {
      type: 'reasoning',
      ...(origin.itemId !== undefined && { id: origin.itemId }),
      summary: text === '' ? [] : [{ type: 'summary_text', text }],
      encrypted_content: origin.signature,
    },
  ];
}

function writeCall(call: ToolCallPart, { target, notes, freeTextCalls }: Writing): JsonObject {
  if (call.cache !== undefined) notes.drop('cache_control');
  const { name, input } = call;
  const call_id = toolId(call.id, target, notes);
  if (freeTextCalls.has(call.id)) return { type: 'custom_tool_call', call_id, name, input };
  if (input.trim() === '') return { type: 'function_call', call_id, name, arguments: '{}' };
  if (isArguments(input)) return { type: 'function_call', call_id, name, arguments: input };
  notes.repair('tool_arguments');
  return { type: 'function_call', call_id, name, arguments: argumentsOfText(input) };
}

function writeResult(result: ToolResultPart, { target, notes, freeTextCalls }: Writing): JsonObject {
  if (result.cache !== undefined) notes.drop('cache_control');
  const texts = result.content.map((part) => (part.type === 'text' ? part.text : ''));
  const said = texts.filter((text) => text !== '').join('\n\n');
  // There is no field for it, and a model that takes an error for a result goes astray.
  const marked = result.isError && !/^\W*error/i.test(said);
  if (marked) notes.repair('tool_error_text');
  const lead = marked ? 'Error: ' : '';
  const plain = result.content.every((part) => part.type === 'text' && part.cache === undefined);
  const parts = (): readonly JsonObject[] => [
    ...(marked ? [{ type: 'input_text', text: lead }] : []),
    ...writeContent(result.content, target, notes),
  ];
  return {
    type: freeTextCalls.has(result.callId) ? 'custom_tool_call_output' : 'function_call_output',
    call_id: toolId(result.callId, target, notes),
    output: plain ? `${lead}${said}` : parts(),
  };
}

/** Longest id of a call that OpenAI takes. */
const CALL_ID_MAX_CHARS = 64;

function toolId(id: string, { quirks }: Target, notes: Notes): string {
  const fitting = toolIdFor(id.length > CALL_ID_MAX_CHARS ? plainToolId(id) : id, quirks.toolIds);
  if (fitting !== id) notes.repair('tool_ids');
  return fitting;
}
