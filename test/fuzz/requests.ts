/** Requests that use all of their dialect, as a start for what is wrong. */
import type { ChatProtocol } from '../../src/domain/vocabulary.js';

const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' }, near: { type: 'array', items: { $ref: '#/$defs/place' } } },
  required: ['city'],
  additionalProperties: false,
  $defs: { place: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
};
const PIXEL = 'iVBORw0KGgo=';

export const REQUESTS: Readonly<Partial<Record<ChatProtocol, Readonly<Record<string, unknown>>>>> = {
  OPENAI_CHAT: {
    model: 'lab/model-1',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: [{ type: 'text', text: 'Very.' }] },
      {
        role: 'user',
        name: 'ann',
        content: [
          { type: 'text', text: 'Look', cache_control: { type: 'ephemeral', ttl: '1h' } },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}`, detail: 'low' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERg==' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        reasoning_content: 'Hm.',
        tool_calls: [
          {
            id: 'call_1',
            type: 'function',
            function: { name: 'weather', arguments: '{"city":"Oslo"}' },
            extra_content: { google: { thought_signature: 'c2ln' } },
          },
          { id: 'call_2', type: 'custom', custom: { name: 'patch', input: '*** Begin' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: 'rain' }] },
      { role: 'tool', tool_call_id: 'call_2', content: 'done' },
    ],
    tools: [
      { type: 'function', function: { name: 'weather', description: 'w', parameters: SCHEMA, strict: true } },
      {
        type: 'custom',
        custom: {
          name: 'patch',
          description: 'p',
          format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: /.+/' } },
        },
      },
    ],
    tool_choice: { type: 'function', function: { name: 'weather' } },
    parallel_tool_calls: true,
    max_completion_tokens: 500,
    stop: ['END'],
    temperature: 0.5,
    top_p: 0.9,
    seed: 1,
    reasoning_effort: 'high',
    verbosity: 'low',
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'a', description: 'd', schema: SCHEMA, strict: true },
    },
    user: 'u1',
    metadata: { a: 'b' },
    prompt_cache_key: 'k',
    service_tier: 'auto',
    stream: true,
    stream_options: { include_usage: true },
  },
  ANTHROPIC_MESSAGES: {
    model: 'lab/model-1',
    max_tokens: 8_000,
    system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
          {
            type: 'document',
            title: 'a.pdf',
            source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' },
          },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
          { type: 'redacted_thinking', data: 'eA==' },
          { type: 'text', text: 'Looking' },
          { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Oslo' } },
        ],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 'toolu_1',
            is_error: true,
            content: [
              { type: 'text', text: 'rain' },
              { type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } },
            ],
          },
        ],
      },
    ],
    tools: [
      { name: 'weather', description: 'w', input_schema: SCHEMA, cache_control: { type: 'ephemeral' } },
    ],
    tool_choice: { type: 'any', disable_parallel_tool_use: true },
    stop_sequences: ['END'],
    temperature: 0.5,
    top_k: 3,
    thinking: { type: 'enabled', budget_tokens: 2_000 },
    output_config: { effort: 'high', format: { type: 'json_schema', schema: SCHEMA } },
    metadata: { user_id: 'u1' },
    service_tier: 'auto',
    stream: true,
  },
  OPENAI_RESPONSES: {
    model: 'lab/model-1',
    instructions: 'Be brief.',
    input: [
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'Look' },
          { type: 'input_image', image_url: `data:image/png;base64,${PIXEL}`, detail: 'auto' },
          { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERg==' },
        ],
      },
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'Hm.' }],
        encrypted_content: 'c2ln',
      },
      {
        type: 'message',
        id: 'm_1',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'Looking', annotations: [] }],
      },
      { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' },
      { type: 'custom_tool_call', call_id: 'call_2', name: 'patch', input: '*** Begin' },
      { type: 'function_call_output', call_id: 'call_1', output: [{ type: 'input_text', text: 'rain' }] },
      { type: 'custom_tool_call_output', call_id: 'call_2', output: 'done' },
      { role: 'developer', content: 'More.' },
    ],
    tools: [
      { type: 'function', name: 'weather', description: 'w', parameters: SCHEMA, strict: true },
      {
        type: 'custom',
        name: 'patch',
        description: 'p',
        format: { type: 'grammar', syntax: 'lark', definition: 'start: /.+/' },
      },
    ],
    tool_choice: { type: 'function', name: 'weather' },
    parallel_tool_calls: false,
    max_output_tokens: 500,
    temperature: 0.5,
    reasoning: { effort: 'high', summary: 'auto' },
    text: { verbosity: 'low', format: { type: 'json_schema', name: 'a', schema: SCHEMA, strict: true } },
    include: ['reasoning.encrypted_content'],
    store: false,
    metadata: { a: 'b' },
    prompt_cache_key: 'k',
    safety_identifier: 'u1',
    stream: true,
  },
};
