/** The `openai` package, which speaks chat completions and responses. */
import OpenAI from 'openai';
import type { ChatCompletion, ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import type { Response, ResponseInputItem } from 'openai/resources/responses/responses';
import { parsedInput, type Ask, type ConnectClient, type Reply, type Turn } from './client.js';

type ChatMessage = ChatCompletion.Choice['message'] & { reasoning_content?: string };

/** Chat completions through the SDK's own stream helper. */
export const openAiChatClient: ConnectClient = ({ url, key }) => {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
  const paramsOf = (ask: Ask) => ({
    model: ask.model,
    messages: [
      ...(ask.system === undefined ? [] : [{ role: 'system' as const, content: ask.system }]),
      ...ask.turns.flatMap(chatMessages),
    ],
    ...(ask.maxTokens !== undefined && { max_completion_tokens: ask.maxTokens }),
    ...(ask.think && { reasoning_effort: 'high' as const }),
    ...(ask.tools && {
      tools: ask.tools.map(({ name, description, schema }) => ({
        type: 'function' as const,
        function: { name, description, parameters: { ...schema } },
      })),
    }),
    ...(ask.schema && {
      response_format: {
        type: 'json_schema' as const,
        json_schema: { name: 'answer', schema: { ...ask.schema }, strict: true },
      },
    }),
  });
  return {
    name: 'openai (chat)',
    dialect: 'chat',
    finish: { stop: 'stop', length: 'length', toolCalls: 'tool_calls' },
    thoughts: true,
    refusals: true,
    imageAddresses: true,
    async ask(ask) {
      return chatReply(await client.chat.completions.create(paramsOf(ask), { signal: ask.signal }));
    },
    async stream(ask) {
      const stream = client.chat.completions.stream(
        { ...paramsOf(ask), stream_options: { include_usage: true } },
        { signal: ask.signal },
      );
      let thoughts = '';
      const ids = new Set<string>();
      stream.on('chunk', (chunk) => {
        ids.add(chunk.id);
        const delta = chunk.choices[0]?.delta as { reasoning_content?: string } | undefined;
        thoughts += delta?.reasoning_content ?? '';
      });
      stream.on('content', (text) => ask.onText?.(text));
      const whole = await stream.finalChatCompletion();
      if (ids.size !== 1) throw new Error(`One answer came under several ids: ${[...ids].join(', ')}`);
      const [choice] = whole.choices;
      // The helper keeps the last piece of a field it does not know; agents put the pieces together, as here.
      if (choice && thoughts !== '') Object.assign(choice.message, { reasoning_content: thoughts });
      return chatReply(whole);
    },
  };
};

function chatMessages(turn: Turn): ChatCompletionMessageParam[] {
  switch (turn.role) {
    case 'user':
      if (!turn.images) return [{ role: 'user', content: turn.text }];
      return [
        {
          role: 'user',
          content: [
            { type: 'text', text: turn.text },
            ...turn.images.map((url) => ({ type: 'image_url' as const, image_url: { url } })),
          ],
        },
      ];
    case 'assistant':
      return [turn.reply.native as ChatCompletionMessageParam];
    case 'results':
      return turn.results.map(({ call, text }) => ({ role: 'tool', tool_call_id: call.id, content: text }));
  }
}

function chatReply({ choices: [choice], usage }: ChatCompletion): Reply {
  if (!choice) throw new Error('An answer without a choice.');
  const message: ChatMessage = choice.message;
  return {
    text: message.content ?? '',
    thoughts: message.reasoning_content ?? '',
    calls: (message.tool_calls ?? []).map((call) => {
      if (call.type !== 'function') throw new Error(`A tool call of type ${call.type}.`);
      return { id: call.id, name: call.function.name, input: parsedInput(call.function.arguments) };
    }),
    refusal: message.refusal ?? (choice.finish_reason === 'content_filter' ? '' : null),
    finish: choice.finish_reason,
    usage: usage
      ? {
          prompt: usage.prompt_tokens,
          cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
          output: usage.completion_tokens,
        }
      : null,
    native: message,
  };
}

/** Responses, stateless: every turn is sent again as the items it came in. */
export const openAiResponsesClient: ConnectClient = ({ url, key }) => {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
  const paramsOf = (ask: Ask) => ({
    model: ask.model,
    ...(ask.system !== undefined && { instructions: ask.system }),
    input: ask.turns.flatMap(responsesItems),
    store: false,
    include: ['reasoning.encrypted_content' as const],
    ...(ask.maxTokens !== undefined && { max_output_tokens: ask.maxTokens }),
    ...(ask.think && { reasoning: { effort: 'high' as const, summary: 'auto' as const } }),
    ...(ask.tools && {
      tools: ask.tools.map(({ name, description, schema }) => ({
        type: 'function' as const,
        name,
        description,
        parameters: { ...schema },
        strict: false,
      })),
    }),
    ...(ask.schema && {
      text: {
        format: { type: 'json_schema' as const, name: 'answer', schema: { ...ask.schema }, strict: true },
      },
    }),
  });
  return {
    name: 'openai (responses)',
    dialect: 'responses',
    finish: { stop: 'completed', length: 'max_output_tokens', toolCalls: 'completed' },
    thoughts: true,
    refusals: true,
    imageAddresses: true,
    async ask(ask) {
      return responsesReply(await client.responses.create(paramsOf(ask), { signal: ask.signal }));
    },
    async stream(ask) {
      const stream = client.responses.stream(paramsOf(ask), { signal: ask.signal });
      const seen: { type: string; sequence_number?: number }[] = [];
      stream.on('event', (event) => seen.push(event));
      stream.on('response.output_text.delta', ({ delta }) => ask.onText?.(delta));
      const whole = await stream.finalResponse();
      checkLifecycle(seen);
      return responsesReply(whole);
    },
  };
};

/** Every event numbered in order, everything that is added done again. */
function checkLifecycle(events: readonly { type: string; sequence_number?: number }[]): void {
  const numbers = events.map((event) => event.sequence_number);
  if (numbers.some((number, index) => number !== index))
    throw new Error(`Sequence numbers are not in order: ${numbers.join(',')}`);
  const count = (type: string): number => events.filter((event) => event.type === type).length;
  for (const what of ['output_item', 'content_part', 'reasoning_summary_part']) {
    const [added, done] = [count(`response.${what}.added`), count(`response.${what}.done`)];
    if (added !== done) throw new Error(`${what}: ${added} added, ${done} done`);
  }
}

function responsesItems(turn: Turn): ResponseInputItem[] {
  switch (turn.role) {
    case 'user':
      return [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: turn.text },
            ...(turn.images ?? []).map((image_url) => ({
              type: 'input_image' as const,
              image_url,
              detail: 'auto' as const,
            })),
          ],
        },
      ];
    case 'assistant':
      return turn.reply.native as ResponseInputItem[];
    case 'results':
      return turn.results.map(({ call, text }) => ({
        type: 'function_call_output',
        call_id: call.id,
        output: text,
      }));
  }
}

function responsesReply(response: Response): Reply {
  const contents = response.output.flatMap((item) => (item.type === 'message' ? item.content : []));
  const refused = contents.filter((part) => part.type === 'refusal').map(({ refusal }) => refusal);
  const filtered = response.incomplete_details?.reason === 'content_filter';
  return {
    text: contents.flatMap((part) => (part.type === 'output_text' ? [part.text] : [])).join(''),
    thoughts: response.output
      .flatMap((item) => (item.type === 'reasoning' ? [...item.summary, ...(item.content ?? [])] : []))
      .map(({ text }) => text)
      .join(''),
    calls: response.output.flatMap((item) =>
      item.type === 'function_call'
        ? [{ id: item.call_id, name: item.name, input: parsedInput(item.arguments) }]
        : [],
    ),
    refusal: refused.length > 0 ? refused.join('') : filtered ? '' : null,
    finish: response.incomplete_details?.reason ?? response.status ?? null,
    usage: response.usage
      ? {
          prompt: response.usage.input_tokens,
          cached: response.usage.input_tokens_details.cached_tokens,
          output: response.usage.output_tokens,
        }
      : null,
    native: response.output,
  };
}
