/** The `@langchain/openai` package, on chat completions and on responses. */
import {
  AIMessageChunk,
  type AIMessage,
  type BaseMessageLike,
  type UsageMetadata,
} from '@langchain/core/messages';
import { concat } from '@langchain/core/utils/stream';
import { ChatOpenAI } from '@langchain/openai';
import type { Ask, ConnectClient, DialectClient, Reply, Turn } from './client.js';

export const langchainChatClient: ConnectClient = (gateway) => langchainClient(gateway, 'chat');
export const langchainResponsesClient: ConnectClient = (gateway) => langchainClient(gateway, 'responses');

function langchainClient(
  { url, key }: Parameters<ConnectClient>[0],
  dialect: 'chat' | 'responses',
): DialectClient {
  const modelFor = (ask: Ask, streaming: boolean) => {
    const model = new ChatOpenAI({
      model: ask.model,
      apiKey: key,
      configuration: { baseURL: `${url}/v1` },
      maxRetries: 0,
      streamUsage: true,
      streaming,
      useResponsesApi: dialect === 'responses',
      ...(ask.maxTokens !== undefined && { maxTokens: ask.maxTokens }),
      ...(ask.think &&
        (dialect === 'chat'
          ? { modelKwargs: { reasoning_effort: 'high' } }
          : { reasoning: { effort: 'high' as const } })),
    });
    return model.withConfig({
      ...(ask.tools && {
        tools: ask.tools.map(({ name, description, schema }) => ({
          type: 'function' as const,
          function: { name, description, parameters: schema },
        })),
      }),
      ...(ask.schema && {
        response_format: {
          type: 'json_schema' as const,
          json_schema: { name: 'answer', schema: { ...ask.schema }, strict: true },
        },
      }),
    });
  };
  const inputOf = (ask: Ask): BaseMessageLike[] => [
    ...(ask.system === undefined ? [] : [{ role: 'system', content: ask.system }]),
    ...ask.turns.flatMap(messagesOf),
  ];
  const optionsOf = (ask: Ask) => (ask.signal ? { signal: ask.signal } : {});
  return {
    name: `@langchain/openai (${dialect})`,
    dialect,
    finish:
      dialect === 'chat'
        ? { stop: 'stop', length: 'length', toolCalls: 'tool_calls' }
        : { stop: 'completed', length: 'max_output_tokens', toolCalls: 'completed' },
    thoughts: false,
    refusals: false,
    imageAddresses: true,
    async ask(ask) {
      return replyOf(await modelFor(ask, false).invoke(inputOf(ask), optionsOf(ask)));
    },
    async stream(ask) {
      let whole: AIMessageChunk | null = null;
      for await (const chunk of await modelFor(ask, true).stream(inputOf(ask), optionsOf(ask))) {
        if (chunk.text !== '') ask.onText?.(chunk.text);
        whole = whole === null ? chunk : concat(whole, chunk);
      }
      if (whole === null) throw new Error('A stream without a chunk.');
      return replyOf(whole);
    },
  };
}

function messagesOf(turn: Turn): BaseMessageLike[] {
  switch (turn.role) {
    case 'user':
      if (!turn.images) return [{ role: 'user', content: turn.text }];
      return [
        {
          role: 'user',
          content: [
            { type: 'text', text: turn.text },
            ...turn.images.map((url) => ({ type: 'image_url', image_url: { url } })),
          ],
        },
      ];
    case 'assistant':
      return [turn.reply.native as AIMessage];
    case 'results':
      return turn.results.map(({ call, text }) => ({ role: 'tool', content: text, tool_call_id: call.id }));
  }
}

function replyOf(message: AIMessage | AIMessageChunk): Reply {
  const { response_metadata: meta } = message;
  const usage = message.usage_metadata as UsageMetadata | undefined;
  const invalid = message.invalid_tool_calls ?? [];
  if (invalid.length > 0) throw new Error(`Invalid tool calls: ${JSON.stringify(invalid).slice(0, 200)}`);
  const cut = meta['incomplete_details'] as { reason?: string } | null | undefined;
  return {
    text: message.text,
    thoughts: '',
    calls: (message.tool_calls ?? []).map(({ id, name, args }) => ({ id: id ?? '', name, input: args })),
    refusal: null,
    finish: (cut?.reason ?? meta['finish_reason'] ?? meta['status'] ?? null) as string | null,
    usage: usage
      ? {
          prompt: usage.input_tokens,
          cached: usage.input_token_details?.cache_read ?? 0,
          output: usage.output_tokens,
        }
      : null,
    native: message,
  };
}
