/** The official SDKs work against the gateway unchanged: text, streams, tools, usage, errors. */
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planConnection, startTestGateway, type TestGateway } from '../support/gateway.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';

const WEATHER = {
  name: 'weather',
  description: 'Weather of a city',
  schema: { type: 'object' as const, properties: { city: { type: 'string' } } },
};

let zai: SimulatedProvider;
let gateway: TestGateway;

beforeAll(async () => {
  zai = await startSimulatedProvider('zai');
  gateway = await startTestGateway({
    connections: [planConnection(zai)],
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await zai.close();
});

describe('the openai SDK', () => {
  const client = () => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
  const ask = (content: string) => ({
    model: 'zai/glm-5.1',
    messages: [{ role: 'user' as const, content }],
  });

  it('gets an answer with the usage the provider stated', async () => {
    const { data, request_id } = await client()
      .chat.completions.create(ask('[say hello there][tokens in=12 out=34 cached=5 reasoning=7]'))
      .withResponse();
    expect(data.choices[0]?.message.content).toBe('hello there');
    expect(data.usage).toMatchObject({ prompt_tokens: 17, completion_tokens: 34 });
    expect(request_id).toMatch(/^req_/);
  });

  it('streams an answer piece by piece, with usage when it asks for it', async () => {
    const stream = await client().chat.completions.create({
      ...ask('[frames 3][tokens in=3 out=4]'),
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe('word-1 word-2 word-3 ');
    expect(usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 4 });
  });

  it('sees no usage in a stream when it did not ask for any', async () => {
    const stream = await client().chat.completions.create({
      ...ask('[frames 3][tokens in=3 out=4]'),
      stream: true,
    });
    let text = '';
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      expect(chunk.usage ?? null).toBeNull();
    }
    expect(text).toBe('word-1 word-2 word-3 ');
  });

  it('completes a tool call and its result, streamed and not', async () => {
    const tools = [
      {
        type: 'function' as const,
        function: { name: WEATHER.name, description: WEATHER.description, parameters: WEATHER.schema },
      },
    ];
    const asked = ask('[tool weather {"city":"Oslo"}]');
    const whole = await client().chat.completions.create({ ...asked, tools });
    const call = whole.choices[0]?.message.tool_calls?.[0];
    expect(call).toMatchObject({
      type: 'function',
      function: { name: 'weather', arguments: '{"city":"Oslo"}' },
    });

    const stream = client().chat.completions.stream({ ...asked, tools });
    const streamed = await stream.finalChatCompletion();
    expect(streamed.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      function: { name: 'weather', arguments: '{"city":"Oslo"}' },
    });

    await client().chat.completions.create({
      model: 'zai/glm-5.1',
      tools,
      messages: [
        { role: 'user', content: 'weather?' },
        {
          role: 'assistant',
          tool_calls: [
            {
              id: call?.id ?? '',
              type: 'function',
              function: { name: 'weather', arguments: '{"city":"Oslo"}' },
            },
          ],
        },
        { role: 'tool', tool_call_id: call?.id ?? '', content: 'rain' },
      ],
    });
    const sent = zai.requests.at(-1)?.body as { messages: unknown[] };
    expect(sent.messages).toHaveLength(3);
  });

  it('lists and retrieves models', async () => {
    const page = await client().models.list();
    expect(page.data.map(({ id }) => id)).toEqual(['zai/glm-5.1']);
    expect(await client().models.retrieve('zai/glm-5.1')).toMatchObject({
      id: 'zai/glm-5.1',
      owned_by: 'zai',
    });
  });

  it('reads our errors as its own error types', async () => {
    const wrongKey = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sy_wrong', maxRetries: 0 });
    await expect(wrongKey.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(client().chat.completions.create({ ...ask('x'), model: 'zai/nope' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
});

describe('the Anthropic SDK', () => {
  const client = () => new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0 });
  const ask = (content: string) => ({
    model: 'zai/glm-5.1',
    max_tokens: 100,
    messages: [{ role: 'user' as const, content }],
  });

  it('gets an answer with the usage the provider stated', async () => {
    const { data, request_id } = await client()
      .messages.create(ask('[say hello there][tokens in=12 out=34 cached=5 written=3]'))
      .withResponse();
    expect(data.content).toEqual([expect.objectContaining({ type: 'text', text: 'hello there' })]);
    expect(data.usage).toMatchObject({
      input_tokens: 12,
      output_tokens: 34,
      cache_read_input_tokens: 5,
      cache_creation_input_tokens: 3,
    });
    expect(request_id).toMatch(/^req_/);
  });

  it('streams an answer through its own accumulator', async () => {
    const stream = client().messages.stream(ask('[frames 3][tokens in=3 out=4]'));
    const message = await stream.finalMessage();
    expect(await stream.finalText()).toBe('word-1 word-2 word-3 ');
    expect(message.usage).toMatchObject({ input_tokens: 3, output_tokens: 4 });
  });

  it('completes a tool call, streamed and not', async () => {
    const tools = [{ name: WEATHER.name, description: WEATHER.description, input_schema: WEATHER.schema }];
    const asked = { ...ask('[tool weather {"city":"Oslo"}]'), tools };
    const expected = expect.objectContaining({ type: 'tool_use', name: 'weather', input: { city: 'Oslo' } });
    expect((await client().messages.create(asked)).content).toContainEqual(expected);
    expect((await client().messages.stream(asked).finalMessage()).content).toContainEqual(expected);
  });

  it('works with a bearer token as agents send it', async () => {
    const bearer = new Anthropic({
      baseURL: gateway.url,
      authToken: gateway.key,
      apiKey: null,
      maxRetries: 0,
    });
    expect((await bearer.messages.create(ask('[say hi]'))).content).toHaveLength(1);
  });

  it('reads our errors as its own error types', async () => {
    const wrongKey = new Anthropic({ baseURL: gateway.url, apiKey: 'sy_wrong', maxRetries: 0 });
    await expect(wrongKey.messages.create(ask('x'))).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
    await expect(client().messages.create({ ...ask('x'), model: 'zai/nope' })).rejects.toBeInstanceOf(
      Anthropic.NotFoundError,
    );
  });

  it('lists models', async () => {
    const page = await client().models.list();
    expect(page.data.map(({ id, type }) => [id, type])).toEqual([['zai/glm-5.1', 'model']]);
  });
});
