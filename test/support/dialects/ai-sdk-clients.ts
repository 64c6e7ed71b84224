/** The `ai` package over its providers for chat completions and messages. */
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import {
  generateText,
  jsonSchema,
  Output,
  streamText,
  tool,
  type LanguageModel,
  type LanguageModelUsage,
  type ModelMessage,
  type ToolSet,
} from 'ai';
import type { Ask, ConnectClient, DialectClient, Reply, ToolSpec, Turn } from './client.js';

const FINISH = { stop: 'stop', length: 'length', toolCalls: 'tool-calls' };

export const aiSdkChatClient: ConnectClient = ({ url, key }) => {
  const provider = createOpenAICompatible({
    name: 'switchyard',
    baseURL: `${url}/v1`,
    apiKey: key,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
  return aiSdkClient('ai (openai-compatible)', 'chat', (model) => provider.chatModel(model), {
    switchyard: { reasoningEffort: 'high' },
  });
};

export const aiSdkMessagesClient: ConnectClient = ({ url, key }) => {
  const provider = createAnthropic({ baseURL: `${url}/v1`, apiKey: key });
  return aiSdkClient('ai (anthropic)', 'messages', (model) => provider.messages(model), {
    anthropic: { thinking: { type: 'enabled', budgetTokens: 4_000 } },
  });
};

type ProviderOptions = NonNullable<Parameters<typeof generateText>[0]['providerOptions']>;

function aiSdkClient(
  name: string,
  dialect: 'chat' | 'messages',
  modelOf: (model: string) => LanguageModel,
  thinking: ProviderOptions,
): DialectClient {
  const paramsOf = (ask: Ask) => ({
    model: modelOf(ask.model),
    maxRetries: 0,
    ...(ask.system !== undefined && { system: ask.system }),
    messages: ask.turns.map(messageOf),
    ...(ask.signal && { abortSignal: ask.signal }),
    ...(ask.maxTokens !== undefined && { maxOutputTokens: ask.maxTokens }),
    ...(ask.think && { providerOptions: thinking }),
    ...(ask.tools && { tools: toolSetOf(ask.tools) }),
    ...(ask.schema && { output: Output.object({ schema: jsonSchema(ask.schema) }) }),
  });
  return {
    name,
    dialect,
    finish: FINISH,
    thoughts: true,
    refusals: false,
    imageAddresses: dialect === 'messages',
    async ask(ask) {
      const result = await generateText(paramsOf(ask));
      return replyOf({
        text: result.text,
        thoughts: result.reasoningText ?? '',
        calls: result.toolCalls,
        finish: result.finishReason,
        usage: result.usage,
        messages: result.response.messages,
      });
    },
    async stream(ask) {
      let failure: unknown = null;
      const result = streamText({
        ...paramsOf(ask),
        onError: ({ error }) => {
          failure = error;
        },
      });
      for await (const part of result.fullStream) {
        if (part.type === 'text-delta') ask.onText?.(part.text);
        if (part.type === 'abort') throw new DOMException('aborted', 'AbortError');
      }
      if (failure !== null) throw failure as Error;
      return replyOf({
        text: await result.text,
        thoughts: (await result.reasoningText) ?? '',
        calls: await result.toolCalls,
        finish: await result.finishReason,
        usage: await result.usage,
        messages: (await result.response).messages,
      });
    },
  };
}

function toolSetOf(tools: readonly ToolSpec[]): ToolSet {
  return Object.fromEntries(
    tools.map(({ name, description, schema }) => [
      name,
      tool({ description, inputSchema: jsonSchema<Record<string, unknown>>(schema) }),
    ]),
  );
}

function messageOf(turn: Turn): ModelMessage {
  switch (turn.role) {
    case 'user':
      return {
        role: 'user',
        content: [
          { type: 'text', text: turn.text },
          ...(turn.images ?? []).map((image) =>
            image.startsWith('data:')
              ? { type: 'image' as const, image }
              : { type: 'image' as const, image: new URL(image) },
          ),
        ],
      };
    case 'assistant':
      return turn.reply.native as ModelMessage;
    case 'results':
      return {
        role: 'tool',
        content: turn.results.map(({ call, text, isError }) => ({
          type: 'tool-result',
          toolCallId: call.id,
          toolName: call.name,
          output: { type: isError ? ('error-text' as const) : ('text' as const), value: text },
        })),
      };
  }
}

function replyOf(result: {
  text: string;
  thoughts: string;
  calls: readonly { toolCallId: string; toolName: string; input: unknown; invalid?: boolean | undefined }[];
  finish: string;
  usage: LanguageModelUsage;
  messages: readonly ModelMessage[];
}): Reply {
  const { usage, calls } = result;
  for (const call of calls) if (call.invalid) throw new Error(`The call of ${call.toolName} is invalid.`);
  return {
    text: result.text,
    thoughts: result.thoughts,
    calls: calls.map(({ toolCallId, toolName, input }) => ({ id: toolCallId, name: toolName, input })),
    refusal: result.finish === 'content-filter' ? result.text : null,
    finish: result.finish,
    usage:
      usage.inputTokens === undefined
        ? null
        : {
            prompt: usage.inputTokens,
            cached: usage.inputTokenDetails.cacheReadTokens ?? 0,
            output: usage.outputTokens ?? 0,
          },
    native: result.messages[0],
  };
}
