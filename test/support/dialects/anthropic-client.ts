/** The `@anthropic-ai/sdk` package. */
import Anthropic from '@anthropic-ai/sdk';
import type { Ask, ConnectClient, Reply, Turn } from './client.js';

/** Messages through the SDK's own accumulator. */
export const anthropicClient: ConnectClient = ({ url, key }) => {
  const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
  const paramsOf = (ask: Ask) => ({
    model: ask.model,
    max_tokens: ask.maxTokens ?? 8_000,
    ...(ask.system !== undefined && { system: ask.system }),
    messages: ask.turns.map(messageOf),
    ...(ask.think && { thinking: { type: 'enabled' as const, budget_tokens: 4_000 } }),
    ...(ask.tools && {
      tools: ask.tools.map(({ name, description, schema }) => ({
        name,
        description,
        input_schema: { ...schema, type: 'object' as const },
      })),
    }),
    ...(ask.schema && {
      output_config: { format: { type: 'json_schema' as const, schema: { ...ask.schema } } },
    }),
  });
  return {
    name: '@anthropic-ai/sdk',
    dialect: 'messages',
    finish: { stop: 'end_turn', length: 'max_tokens', toolCalls: 'tool_use' },
    thoughts: true,
    refusals: true,
    imageAddresses: true,
    async ask(ask) {
      return replyOf(await client.messages.create(paramsOf(ask), { signal: ask.signal }));
    },
    async stream(ask) {
      const stream = client.messages.stream(paramsOf(ask), { signal: ask.signal });
      let open: number | null = null;
      stream.on('streamEvent', (event) => {
        // Blocks come one at a time, numbered in order.
        if (event.type === 'content_block_start') {
          if (open !== null) throw new Error(`Block ${event.index} starts inside block ${open}.`);
          open = event.index;
        }
        if (event.type === 'content_block_stop') open = null;
      });
      stream.on('text', (text) => ask.onText?.(text));
      return replyOf(await stream.finalMessage());
    },
  };
};

function messageOf(turn: Turn): Anthropic.MessageParam {
  switch (turn.role) {
    case 'user':
      return {
        role: 'user',
        content: [...(turn.images ?? []).map(imageOf), { type: 'text', text: turn.text }],
      };
    case 'assistant':
      return { role: 'assistant', content: turn.reply.native as Anthropic.ContentBlockParam[] };
    case 'results':
      return {
        role: 'user',
        content: turn.results.map(({ call, text, isError }) => ({
          type: 'tool_result',
          tool_use_id: call.id,
          content: text,
          ...(isError && { is_error: true }),
        })),
      };
  }
}

function imageOf(url: string): Anthropic.ImageBlockParam {
  const data = /^data:([^;]+);base64,(.*)$/s.exec(url);
  if (!data?.[1] || !data[2]) return { type: 'image', source: { type: 'url', url } };
  return {
    type: 'image',
    source: { type: 'base64', media_type: data[1] as 'image/png', data: data[2] },
  };
}

function replyOf(message: Anthropic.Message): Reply {
  const { content, usage } = message;
  const text = content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');
  const cached = usage.cache_read_input_tokens ?? 0;
  return {
    text: message.stop_reason === 'refusal' ? '' : text,
    thoughts: content.flatMap((block) => (block.type === 'thinking' ? [block.thinking] : [])).join(''),
    calls: content.flatMap((block) =>
      block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input }] : [],
    ),
    refusal: message.stop_reason === 'refusal' ? text : null,
    finish: message.stop_reason,
    usage: {
      prompt: usage.input_tokens + cached + (usage.cache_creation_input_tokens ?? 0),
      cached,
      output: usage.output_tokens,
    },
    native: content,
  };
}
