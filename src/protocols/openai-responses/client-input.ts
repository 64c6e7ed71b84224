/** The `input` of a Responses request: a flat list of items, brought together into turns. */
import { AppError } from '../../domain/errors.js';
import type { CanonicalMessage, CanonicalTool, RequestPart, ToolCallPart } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import {
  isObject,
  isStated,
  listOf,
  objectOf,
  optionalText,
  optionalWord,
  requiredName,
  requiredText,
  text,
  wrong,
} from '../fields.js';
import { argumentsOfText, freeTextTools } from '../free-text.js';
import { readSeal } from '../reasoning-seal.js';
import { readContent, readOutput } from './client-parts.js';
import { readTools } from './client-tools.js';
import { plainName } from './tool-names.js';

export interface InputReading {
  readonly messages: readonly CanonicalMessage[];
  /** Tools that items bring, beside those of the request itself. */
  readonly tools: readonly CanonicalTool[];
  readonly dropped: readonly string[];
}

/** What a caller runs under an item type of its own: the tool's name, and the field that says what to do. */
const CALLS: Readonly<Record<string, readonly [tool: string, field: string]>> = {
  local_shell_call: ['local_shell', 'action'],
  shell_call: ['shell', 'action'],
  apply_patch_call: ['apply_patch', 'operation'],
  tool_search_call: ['tool_search', 'arguments'],
};

export function readInput(body: JsonObject, tools: readonly CanonicalTool[]): InputReading {
  const input = body['input'];
  if (typeof input === 'string') {
    return { messages: [{ role: 'user', content: [{ type: 'text', text: input }] }], tools: [], dropped: [] };
  }
  if (!Array.isArray(input)) throw wrong('input', 'a string or a list of items');
  const items = input.map((item: unknown, index): readonly [JsonObject, string] => {
    const at = `input[${index}]`;
    if (!isObject(item)) throw wrong(at, 'an object');
    return [item, at];
  });
  const brought = items.map(([item, at]) => readToolsOf(item, at));
  const further = brought.flatMap((reading) => reading.tools);
  const dropped = brought.flatMap((reading) => reading.dropped);
  const turns = createTurns();
  const freeText = freeTextTools([...tools, ...further]);
  for (const [item, at] of items) {
    if (!readItem(item, at, turns, freeText)) dropped.push(`input.${typeOf(item) ?? ''}`);
  }
  return { messages: turns.messages, tools: further, dropped };
}

function readToolsOf(item: JsonObject, at: string): ReturnType<typeof readTools> {
  const brings = item['type'] === 'additional_tools' || item['type'] === 'tool_search_output';
  return brings ? readTools(item, at) : { tools: [], dropped: [] };
}

/** Turns as they form: what the model said in a row is one, and so are the results that answer it. */
interface Turns {
  readonly messages: readonly CanonicalMessage[];
  model(...parts: readonly RequestPart[]): void;
  result(part: RequestPart): void;
  message(role: CanonicalMessage['role'], content: readonly RequestPart[]): void;
}

function createTurns(): Turns {
  const messages: CanonicalMessage[] = [];
  /** The parts of the last turn, as long as more of its kind may follow. */
  let open: { readonly kind: 'model' | 'results'; readonly parts: RequestPart[] } | null = null;
  const add = (kind: 'model' | 'results', parts: readonly RequestPart[]): void => {
    if (open?.kind !== kind) {
      open = { kind, parts: [] };
      messages.push({ role: kind === 'model' ? 'assistant' : 'user', content: open.parts });
    }
    open.parts.push(...parts);
  };
  return {
    messages,
    model: (...parts) => add('model', parts),
    result: (part) => add('results', [part]),
    message(role, content) {
      open = null;
      messages.push({ role, content });
    },
  };
}

/** False for an item that cannot be carried over and may be left out. */
function readItem(item: JsonObject, at: string, turns: Turns, freeText: ReadonlySet<string>): boolean {
  const type = typeOf(item);
  switch (type) {
    case 'message':
      readMessage(item, at, turns);
      return true;
    case 'reasoning':
      readReasoning(item, at, turns);
      return true;
    case 'function_call':
    case 'custom_tool_call':
      turns.model(readCall(item, at, freeText));
      return true;
    case 'local_shell_call':
    case 'shell_call':
    case 'apply_patch_call':
    case 'tool_search_call':
      turns.model(readOwnCall(item, at));
      return true;
    case 'function_call_output':
    case 'custom_tool_call_output':
    case 'local_shell_call_output':
    case 'shell_call_output':
    case 'apply_patch_call_output':
    case 'tool_search_output':
      turns.result(readResult(item, at));
      return true;
    case 'additional_tools':
      return true;
    case 'item_reference':
      throw stateless(at, 'refers to an item of an earlier answer', 'Send the item itself');
    case 'compaction':
    case 'compaction_summary':
    case 'context_compaction':
      throw stateless(
        at,
        'can only be read by the provider it is from',
        'Send what it stands for as messages',
      );
    case null:
      throw wrong(`${at}.type`, 'the type of an item, as message or function_call');
    default:
      // Records of tools that the provider ran, and what is not known here: the model sees what came of them in its own words.
      return false;
  }
}

/** The type of an item, which messages and references may leave out; null when it is none. */
function typeOf(item: JsonObject): string | null {
  if (isStated(item['type'])) return text(item['type']);
  if (isStated(item['role'])) return 'message';
  return isStated(item['id']) ? 'item_reference' : null;
}

function readMessage(item: JsonObject, at: string, turns: Turns): void {
  const role = optionalWord(item, 'role', ['user', 'assistant', 'system', 'developer'], at);
  if (role === null) throw wrong(`${at}.role`, 'one of user, assistant, system, developer');
  const content = readContent(item, 'content', at);
  if (role === 'assistant') turns.model(...content);
  else turns.message(role, content);
}

function readReasoning(item: JsonObject, at: string, turns: Turns): void {
  const texts = (key: string): string =>
    listOf(item[key])
      .map((part) => text(objectOf(part)['text']) ?? '')
      .filter((piece) => piece !== '')
      .join('\n\n');
  const sealed = readSeal(optionalText(item, 'encrypted_content', at), 'OPENAI_RESPONSES');
  const thought = texts('summary') || texts('content');
  if (thought === '' && sealed.signature === null) return;
  const id = optionalText(item, 'id', at);
  // The item's own id belongs to a seal that its provider wrote; ours names the one it stands for.
  const origin = sealed.model === null && id !== null ? { ...sealed, itemId: id } : sealed;
  turns.model({ type: 'reasoning', text: thought, origin });
}

function readCall(item: JsonObject, at: string, freeText: ReadonlySet<string>): ToolCallPart {
  const name = plainName(optionalText(item, 'namespace', at), requiredName(item, 'name', at));
  const id = requiredName(item, 'call_id', at);
  if (item['type'] === 'function_call')
    return { type: 'tool_call', id, name, input: requiredText(item, 'arguments', at) };
  const input = requiredText(item, 'input', at);
  // Where the tool itself is no longer offered, nothing else would tell that this is no JSON.
  return { type: 'tool_call', id, name, input: freeText.has(name) ? input : argumentsOfText(input) };
}

function readOwnCall(item: JsonObject, at: string): ToolCallPart {
  const [name = '', field = ''] = CALLS[typeOf(item) ?? ''] ?? [];
  const id = optionalText(item, 'call_id', at) ?? requiredName(item, 'id', at);
  return { type: 'tool_call', id, name, input: JSON.stringify(item[field] ?? {}) };
}

function readResult(item: JsonObject, at: string): RequestPart {
  const callId = optionalText(item, 'call_id', at) ?? requiredName(item, 'id', at);
  const result = { type: 'tool_result', callId } as const;
  switch (item['type']) {
    case 'tool_search_output': {
      const names = readTools(item, at).tools.map(({ name }) => name);
      const said = names.length > 0 ? `Tools found: ${names.join(', ')}.` : 'No tools were found.';
      return { ...result, content: [{ type: 'text', text: said }], isError: false };
    }
    case 'shell_call_output':
      return {
        ...result,
        content: [{ type: 'text', text: JSON.stringify(item['output'] ?? []) }],
        isError: false,
      };
    case 'apply_patch_call_output': {
      const said = optionalText(item, 'output', at) ?? '';
      return { ...result, content: [{ type: 'text', text: said }], isError: item['status'] === 'failed' };
    }
    default:
      return { ...result, ...readOutput(item, at) };
  }
}

function stateless(at: string, what: string, right: string): AppError {
  return new AppError('BAD_REQUEST', `\`${at}\` ${what}, and this gateway keeps none. ${right}.`, {
    field: at.split('.'),
  });
}
