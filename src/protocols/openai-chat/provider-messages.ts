/** The conversation as chat providers take it: results under the calls they answer, pictures where pictures may stand. */
import type {
  CanonicalMessage,
  CanonicalRequest,
  RequestPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import { argumentsOfText, freeTextTools, isArguments } from '../free-text.js';
import { isFrom } from '../reasoning-seal.js';
import { plainToolId, toolIdFor } from '../repairs.js';
import type { Quirks, Target } from '../target.js';
import type { Notes } from '../notes.js';
import { isMedia, writeContent, type WritablePart } from './provider-parts.js';

/** OpenAI refuses a longer id of a tool call; what is shorter is left as its own provider made it. */
const TOOL_ID_MAX_CHARS = 40;

interface Writing {
  readonly target: Target;
  readonly notes: Notes;
  readonly freeText: ReadonlySet<string>;
}

export function writeMessages(
  request: CanonicalRequest,
  target: Target,
  notes: Notes,
): readonly JsonObject[] {
  const writing = { target, notes, freeText: freeTextTools(request.tools) };
  return request.messages.flatMap((message) => writeMessage(message, writing));
}

function writeMessage({ role, content }: CanonicalMessage, writing: Writing): readonly JsonObject[] {
  switch (role) {
    case 'system':
    case 'developer': {
      const refused = role === 'developer' && writing.target.quirks.noDeveloperRole === true;
      if (refused) writing.notes.repair('developer_role');
      const said = writeContent(content.filter(isSaid), writing.target, writing.notes);
      return said === null ? [] : [{ role: refused ? 'system' : role, content: said }];
    }
    case 'user':
      return writeUser(content, writing);
    case 'assistant':
      return writeTurn(content, writing);
  }
}

/** Results first, each a message of its own; what they cannot hold follows as a turn of the user. */
function writeUser(content: readonly RequestPart[], writing: Writing): readonly JsonObject[] {
  const { target, notes } = writing;
  const results = content.filter((part) => part.type === 'tool_result');
  const moved = results.flatMap((result) => mediaOf(result, notes));
  const said = writeContent([...moved, ...content.filter(isSaid)], target, notes);
  return [
    ...results.map((result) => writeResult(result, writing)),
    ...(said === null ? [] : [{ role: 'user', content: said }]),
  ];
}

function writeResult(result: ToolResultPart, { target, notes }: Writing): JsonObject {
  const texts = result.content.filter((part) => part.type === 'text');
  if (result.cache !== undefined) notes.drop('cache_control');
  const said = texts.map((part) => part.text).join('\n\n');
  // There is no field for it, and a model that takes an error for a result goes astray.
  const marked = result.isError && !/^\W*error/i.test(said);
  if (marked) notes.repair('tool_error_text');
  return {
    role: 'tool',
    tool_call_id: toolId(result.callId, target.quirks, notes),
    content: marked ? `Error: ${said}` : said,
  };
}

/** Pictures and files in a result, introduced by the call they belong to. */
function mediaOf(result: ToolResultPart, notes: Notes): readonly WritablePart[] {
  const media = result.content.filter(isMedia);
  if (media.length === 0) return [];
  notes.repair('tool_result_media');
  const lead: TextPart = { type: 'text', text: `Returned by the tool call ${result.callId}:` };
  return [lead, ...media];
}

/** What the model said before, in one message however many calls it made. */
function writeTurn(content: readonly RequestPart[], writing: Writing): readonly JsonObject[] {
  const { target, notes } = writing;
  const calls = content.filter((part) => part.type === 'tool_call');
  const texts = content.filter((part) => part.type === 'text');
  if (texts.some((part) => part.cache !== undefined)) notes.drop('cache_control');
  const refusals = content.filter((part) => part.type === 'refusal');
  if (calls.length + texts.length + refusals.length === 0) return [];
  const silent = target.quirks.emptyContent === true && calls.length > 0 ? '' : null;
  return [
    {
      role: 'assistant',
      content: texts.length === 0 ? silent : texts.map((part) => part.text).join(''),
      ...(refusals.length > 0 && { refusal: refusals.map((part) => part.text).join('') }),
      ...(calls.length > 0 && replayed(content, target)),
      ...(calls.length > 0 && { tool_calls: calls.map((call) => writeCall(call, writing)) }),
    },
  ];
}

/** The thought behind the calls of a turn, for providers that refuse the turn without it. */
function replayed(content: readonly RequestPart[], target: Target): JsonObject {
  if (target.quirks.replays !== 'reasoning_content') return {};
  const own = content.filter((part) => part.type === 'reasoning' && isFrom(part.origin, target.model));
  return { reasoning_content: own.map((part) => (part.type === 'reasoning' ? part.text : '')).join('') };
}

function writeCall(call: ToolCallPart, { target, notes, freeText }: Writing): JsonObject {
  const { origin } = call;
  if (call.cache !== undefined) notes.drop('cache_control');
  const seal = origin !== undefined && isFrom(origin, target.model) ? origin.signature : null;
  return {
    id: toolId(call.id, target.quirks, notes),
    type: 'function',
    function: { name: call.name, arguments: writeArguments(call, freeText, notes) },
    ...(seal !== null && { extra_content: { google: { thought_signature: seal } } }),
  };
}

/** Arguments as the model wrote them; what is no JSON object would be refused and is wrapped into one. */
function writeArguments(call: ToolCallPart, freeText: ReadonlySet<string>, notes: Notes): string {
  if (freeText.has(call.name)) return argumentsOfText(call.input);
  if (call.input.trim() === '') return '{}';
  if (isArguments(call.input)) return call.input;
  notes.repair('tool_arguments');
  return argumentsOfText(call.input);
}

function toolId(id: string, { toolIds }: Quirks, notes: Notes): string {
  const fitting = toolIdFor(id.length > TOOL_ID_MAX_CHARS ? plainToolId(id) : id, toolIds);
  if (fitting !== id) notes.repair('tool_ids');
  return fitting;
}

function isSaid(part: RequestPart): part is WritablePart {
  return part.type === 'text' || part.type === 'audio' || isMedia(part);
}
