/** Answers of every format as their providers stream them: one frame a token or two, about 60 bytes of text in each. */

const TEXT = 'the function adds both of its numbers and returns their sum ';
const USAGE = { input: 75, cached: 11 };

const sse = (data, event) =>
  Buffer.from(`${event ? `event: ${event}\n` : ''}data: ${JSON.stringify(data)}\n\n`);

function chat(frames) {
  const chunk = (delta, finish_reason = null) => ({
    id: 'chatcmpl-8f14e45fceea167a5a36dedd4bea2543',
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    model: 'glm-5.1',
    choices: [{ index: 0, delta, finish_reason }],
  });
  const usage = {
    prompt_tokens: USAGE.input,
    completion_tokens: frames,
    total_tokens: USAGE.input + frames,
    prompt_tokens_details: { cached_tokens: USAGE.cached },
  };
  return [
    sse(chunk({ role: 'assistant', content: '' })),
    ...Array.from({ length: frames }, () => sse(chunk({ content: TEXT }))),
    sse(chunk({}, 'stop')),
    sse({ ...chunk({}), choices: [], usage }),
    Buffer.from('data: [DONE]\n\n'),
  ];
}

function messages(frames) {
  const event = (type, fields) => sse({ type, ...fields }, type);
  const usage = {
    input_tokens: USAGE.input - USAGE.cached,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: USAGE.cached,
    output_tokens: 1,
  };
  const message = {
    id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
    type: 'message',
    role: 'assistant',
    model: 'minimax-m3',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  const delta = { index: 0, delta: { type: 'text_delta', text: TEXT } };
  return [
    event('message_start', { message }),
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ...Array.from({ length: frames }, () => event('content_block_delta', delta)),
    event('content_block_stop', { index: 0 }),
    event('message_delta', {
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: frames },
    }),
    event('message_stop', {}),
  ];
}

function responses(frames) {
  let sequence_number = 0;
  const event = (type, fields) => sse({ type, ...fields, sequence_number: sequence_number++ }, type);
  const response = (status, output, usage) => ({
    id: 'resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b',
    object: 'response',
    created_at: 1_790_000_000,
    status,
    error: null,
    model: 'grok-4.7',
    output,
    usage,
  });
  const item_id = 'msg_67ccd2bf17f0819081ff3bb2cf6508e60bb6a6b452d3795b';
  const item = { id: item_id, type: 'message', role: 'assistant' };
  const at = { item_id, output_index: 0, content_index: 0 };
  const part = (text) => ({ type: 'output_text', text, annotations: [] });
  const whole = part(TEXT.repeat(frames));
  const done = { ...item, status: 'completed', content: [whole] };
  const usage = {
    input_tokens: USAGE.input,
    input_tokens_details: { cached_tokens: USAGE.cached },
    output_tokens: frames,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: USAGE.input + frames,
  };
  return [
    event('response.created', { response: response('in_progress', [], null) }),
    event('response.in_progress', { response: response('in_progress', [], null) }),
    event('response.output_item.added', {
      output_index: 0,
      item: { ...item, status: 'in_progress', content: [] },
    }),
    event('response.content_part.added', { ...at, part: part('') }),
    ...Array.from({ length: frames }, () => event('response.output_text.delta', { ...at, delta: TEXT })),
    event('response.output_text.done', { ...at, text: whole.text }),
    event('response.content_part.done', { ...at, part: whole }),
    event('response.output_item.done', { output_index: 0, item: done }),
    event('response.completed', { response: response('completed', [done], usage) }),
  ];
}

function gemini(frames) {
  const chunk = (text, output, finishReason) =>
    sse({
      candidates: [
        { content: { parts: [{ text }], role: 'model' }, ...(finishReason && { finishReason }), index: 0 },
      ],
      usageMetadata: {
        promptTokenCount: USAGE.input,
        cachedContentTokenCount: USAGE.cached,
        candidatesTokenCount: output,
        totalTokenCount: USAGE.input + output,
      },
      modelVersion: 'gemini-3-pro-preview',
      responseId: 'mLd2aKfzD4vzxN8P5NqRuAE',
    });
  return [...Array.from({ length: frames }, (_, i) => chunk(TEXT, i + 1)), chunk('', frames, 'STOP')];
}

/** By format: the frames of an answer with this many frames of text. */
export const STREAMS = {
  OPENAI_CHAT: chat,
  ANTHROPIC_MESSAGES: messages,
  OPENAI_RESPONSES: responses,
  GEMINI: gemini,
};
