/** What a provider was sent, read by the rules of its own dialect. */
import { parsedInput } from './client.js';
import type { Out } from './world.js';

type Fields = Readonly<Record<string, unknown>>;

export interface Arrived {
  /** Turns by role, in order, as many as the provider sees. */
  readonly roles: readonly string[];
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  readonly results: readonly { readonly id: string; readonly text: string }[];
  /** Schema the answer is to follow; null when none was asked. */
  readonly schema: unknown;
}

/** Reads a logged body. */
export function arrivedAt(dialect: Out['dialect'], body: Fields | null): Arrived {
  if (body === null) throw new Error('Nothing arrived.');
  const arrived = read(dialect, body);
  return { ...arrived, schema: arrived.schema ?? onlyToolOf(body) };
}

/** Some clients ask for JSON by way of a tool that must be called. */
function onlyToolOf(body: Fields): unknown {
  const [only, ...others] = listOf(body['tools']);
  if (!only || others.length > 0) return null;
  const [declared] = listOf(only['functionDeclarations']);
  const schema = { ...only, ...fieldsOf(only['function']), ...declared };
  return schema['input_schema'] ?? schema['parametersJsonSchema'] ?? schema['parameters'] ?? null;
}

function read(dialect: Out['dialect'], body: Fields): Arrived {
  switch (dialect) {
    case 'chat':
      return chatArrived(body);
    case 'messages':
      return messagesArrived(body);
    case 'responses':
      return responsesArrived(body);
    case 'gemini':
      return geminiArrived(body);
  }
}

function chatArrived(body: Fields): Arrived {
  const messages = listOf(body['messages']);
  const format = fieldsOf(body['response_format']);
  return {
    roles: messages.map(({ role }) => String(role)),
    calls: messages
      .flatMap((message) => listOf(message['tool_calls']))
      .map((call) => {
        const { name, arguments: given } = fieldsOf(call['function']);
        return { id: String(call['id']), name: String(name), input: parsedInput(String(given)) };
      }),
    results: messages
      .filter(({ role }) => role === 'tool')
      .map((message) => ({ id: String(message['tool_call_id']), text: textOf(message['content']) })),
    schema: fieldsOf(format['json_schema'])['schema'] ?? null,
  };
}

function messagesArrived(body: Fields): Arrived {
  const messages = listOf(body['messages']);
  const blocks = messages.flatMap((message) => listOf(message['content']));
  const format = fieldsOf(fieldsOf(body['output_config'])['format']);
  return {
    roles: messages.map(({ role }) => String(role)),
    calls: blocks
      .filter(({ type }) => type === 'tool_use')
      .map((block) => ({ id: String(block['id']), name: String(block['name']), input: block['input'] })),
    results: blocks
      .filter(({ type }) => type === 'tool_result')
      .map((block) => ({ id: String(block['tool_use_id']), text: textOf(block['content']) })),
    schema: format['schema'] ?? null,
  };
}

function responsesArrived(body: Fields): Arrived {
  const items = listOf(body['input']);
  return {
    roles: items.map(({ role, type }) => String(role ?? type)),
    calls: items
      .filter(({ type }) => type === 'function_call')
      .map((item) => ({
        id: String(item['call_id']),
        name: String(item['name']),
        input: parsedInput(String(item['arguments'])),
      })),
    results: items
      .filter(({ type }) => type === 'function_call_output')
      .map((item) => ({ id: String(item['call_id']), text: textOf(item['output']) })),
    schema: fieldsOf(fieldsOf(body['text'])['format'])['schema'] ?? null,
  };
}

/** Results are matched to calls by name, and by id where one is given. */
function geminiArrived(body: Fields): Arrived {
  const contents = listOf(body['contents']);
  const parts = contents.flatMap((content) => listOf(content['parts']));
  const config = fieldsOf(body['generationConfig']);
  const idOf = (call: Fields): string => String(call['id'] ?? call['name']);
  return {
    roles: contents.map(({ role }) => String(role)),
    calls: parts
      .filter((part) => 'functionCall' in part)
      .map((part) => fieldsOf(part['functionCall']))
      .map((call) => ({ id: idOf(call), name: String(call['name']), input: call['args'] ?? {} })),
    results: parts
      .filter((part) => 'functionResponse' in part)
      .map((part) => fieldsOf(part['functionResponse']))
      .map((result) => ({
        id: idOf(result),
        text: Object.values(fieldsOf(result['response'])).map(textOf).join(''),
      })),
    schema: config['responseJsonSchema'] ?? config['responseSchema'] ?? null,
  };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return listOf(content)
    .map(({ text }) => (typeof text === 'string' ? text : ''))
    .join('');
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
