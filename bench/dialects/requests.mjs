/** The request of an agent in the midst of its work, in every format of clients: 24 tools, instructions, a dozen tool calls. */

const words = (bytes) =>
  'Read the file before you change it, and run the tests. '.repeat(Math.ceil(bytes / 55)).slice(0, bytes);
const INSTRUCTIONS = words(12_000);
const TURNS = Array.from({ length: 12 }, (_, i) => ({
  id: `call_${i}abcdefghijklmnop`,
  input: { path: `src/module-${i}/index.ts`, offset: i * 100, limit: 200 },
  result: words(3_000),
}));
const TOOLS = Array.from({ length: 24 }, (_, i) => ({
  name: `tool_${i}`,
  description: words(1_000),
  schema: {
    type: 'object',
    properties: Object.fromEntries(
      ['path', 'pattern', 'content', 'offset', 'limit', 'recursive'].map((name) => [
        name,
        { type: name === 'offset' || name === 'limit' ? 'number' : 'string', description: words(80) },
      ]),
    ),
    required: ['path'],
    additionalProperties: false,
  },
}));

function chat(base, ask, whole) {
  if (!whole) return { ...base, messages: [{ role: 'user', content: ask }] };
  return {
    ...base,
    messages: [
      { role: 'system', content: INSTRUCTIONS },
      { role: 'user', content: ask },
      ...TURNS.flatMap(({ id, input, result }) => [
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id, type: 'function', function: { name: 'tool_0', arguments: JSON.stringify(input) } },
          ],
        },
        { role: 'tool', tool_call_id: id, content: result },
      ]),
    ],
    tools: TOOLS.map(({ name, description, schema }) => ({
      type: 'function',
      function: { name, description, parameters: schema },
    })),
  };
}

function messages(base, ask, whole) {
  const bounded = { ...base, max_tokens: 8192 };
  if (!whole) return { ...bounded, messages: [{ role: 'user', content: ask }] };
  return {
    ...bounded,
    system: [{ type: 'text', text: INSTRUCTIONS, cache_control: { type: 'ephemeral' } }],
    messages: [
      { role: 'user', content: ask },
      ...TURNS.flatMap(({ id, input, result }) => [
        { role: 'assistant', content: [{ type: 'tool_use', id, name: 'tool_0', input }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: result }] },
      ]),
    ],
    tools: TOOLS.map(({ name, description, schema }) => ({ name, description, input_schema: schema })),
  };
}

function responses(base, ask, whole) {
  if (!whole) return { ...base, input: ask };
  return {
    ...base,
    instructions: INSTRUCTIONS,
    store: false,
    input: [
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: ask }] },
      ...TURNS.flatMap(({ id, input, result }) => [
        { type: 'function_call', call_id: id, name: 'tool_0', arguments: JSON.stringify(input) },
        { type: 'function_call_output', call_id: id, output: result },
      ]),
    ],
    tools: TOOLS.map(({ name, description, schema }) => ({
      type: 'function',
      name,
      description,
      parameters: schema,
      strict: false,
    })),
  };
}

/** By format of the client: its path, and a streaming request for so many frames; the whole conversation or one line. */
export const CLIENTS = {
  OPENAI_CHAT: { path: '/v1/chat/completions', write: chat },
  ANTHROPIC_MESSAGES: { path: '/v1/messages', write: messages },
  OPENAI_RESPONSES: { path: '/v1/responses', write: responses },
};

/** The body as it is sent. The simulated provider finds the number of frames in it. */
export function requestOf(protocol, { model, frames, whole }) {
  return JSON.stringify(CLIENTS[protocol].write({ model, stream: true }, `frames-${frames};`, whole));
}
