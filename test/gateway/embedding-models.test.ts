/** Models that embed: OpenAI's client reaches them by name, and no conversation does. */
import OpenAI from 'openai';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { plainRequest } from '../support/http-client.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';

const MODEL = 'text-embedding-3-large';
let openai: SimulatedProvider;
let gateway: TestGateway;
beforeEach(async () => {
  openai = await startSimulatedProvider('openai');
  gateway = await startTestGateway({
    connections: [
      {
        provider: 'openai',
        offering: 'api',
        secret: openai.keys.good,
        baseUrl: openai.url,
        models: [MODEL, 'gpt-5.5'],
      },
    ],
  });
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await openai.close();
});

test("give OpenAI's client its vectors, and state what they used", async () => {
  const client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/v1` });
  const answer = await client.embeddings.create({
    model: `openai/${MODEL}`,
    input: ['[tokens in=7]', 'two'],
  });
  expect(answer.data.map(({ embedding }) => embedding)).toEqual([
    [0, 0.5, -0.25, 0.125],
    [1, 0.5, -0.25, 0.125],
  ]);
  expect(openai.requests.at(-1)).toMatchObject({ path: '/v1/embeddings', body: { model: MODEL } });
  const { attempts } = await gateway.end();
  expect(attempts[0]?.tokens).toMatchObject({
    input: openai.requests.at(-1)?.stated?.input,
    output: 0,
  });
});

test.each([
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'hi' }] }],
  ['/v1/messages', { max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }],
  ['/v1/responses', { input: 'hi' }],
])('are not asked for a conversation at %s', async (path, body) => {
  const answer = await plainRequest(gateway.url + path, {
    headers: { authorization: `Bearer ${gateway.key}` },
    body: { model: MODEL, ...body },
  });
  expect(answer.status).toBe(400);
  expect(openai.requests).toHaveLength(0);
});

test('are the only ones asked for embeddings', async () => {
  const answer = await plainRequest(`${gateway.url}/v1/embeddings`, {
    headers: { authorization: `Bearer ${gateway.key}` },
    body: { model: 'gpt-5.5', input: 'hi' },
  });
  expect(answer.status).toBe(400);
  expect(openai.requests).toHaveLength(0);
});
