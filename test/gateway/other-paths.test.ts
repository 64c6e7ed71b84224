/** Paths beside the generation of text: counts of tokens, embeddings, lists, and methods that are not served. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planConnection, startTestGateway, type TestGateway } from '../support/gateway.js';
import { plainRequest } from '../support/http-client.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';
import { startRawProvider } from '../support/raw-provider.js';

const disposables: AsyncDisposable[] = [];
let zai: SimulatedProvider;
let gateway: TestGateway;
beforeEach(async () => {
  zai = keep(await startSimulatedProvider('zai'));
  gateway = keep(await startTestGateway({ connections: [planConnection(zai)] }));
});
afterEach(async () => {
  for (const disposable of disposables.splice(0).toReversed()) await disposable[Symbol.asyncDispose]();
});
function keep<T extends AsyncDisposable>(disposable: T): T {
  disposables.push(disposable);
  return disposable;
}
const COUNT = '/v1/messages/count_tokens';
const post = (path: string, body: unknown) =>
  plainRequest(gateway.url + path, { headers: { authorization: `Bearer ${gateway.key}` }, body });
const counted = (model: string) => ({ model, messages: [{ role: 'user', content: 'word '.repeat(400) }] });

describe('a count of tokens', () => {
  /** A route to Anthropic whose count endpoint answers so. */
  const countingWith = async (status: number, body: string, models = ['claude-opus-4-5']) => {
    const seen: { url: string | undefined; headers: NodeJS.Dict<string | string[]> }[] = [];
    const provider = keep(
      await startRawProvider((response, { url, headers }) => {
        seen.push({ url, headers });
        response.writeHead(status, { 'content-type': 'application/json' }).end(body);
      }),
    );
    const connection = { provider: 'anthropic', offering: 'api', secret: 'sk-ant-api-x', models };
    gateway.reroute({ connections: [{ ...connection, baseUrl: provider.url }] });
    return seen;
  };

  it('is estimated where the provider does not count, and leaves no usage event', async () => {
    const answer = await post(COUNT, counted('zai/glm-5.1'));
    expect(answer.status).toBe(200);
    const { input_tokens } = answer.json() as { input_tokens: number };
    expect(input_tokens).toBeGreaterThan(300);
    expect(input_tokens).toBeLessThan(1_000);
    expect(zai.requests).toHaveLength(0);
    expect(gateway.records).toEqual([]);
  });

  it('is the provider’s where it counts', async () => {
    const seen = await countingWith(200, '{"input_tokens":4711}');
    const answer = await post(COUNT, counted('anthropic/claude-opus-4-5'));
    expect(answer.text).toBe('{"input_tokens":4711}');
    expect(seen).toMatchObject([
      { url: '/v1/messages/count_tokens', headers: { 'x-api-key': 'sk-ant-api-x' } },
    ]);
    expect(gateway.records).toEqual([]);
  });

  it('is estimated when the provider fails, and refused when it finds fault with the request', async () => {
    await countingWith(529, '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}');
    expect((await post(COUNT, counted('anthropic/claude-opus-4-5'))).text).toMatch(
      /^\{"input_tokens":\d+\}$/,
    );
    await countingWith(
      400,
      '{"type":"error","error":{"type":"invalid_request_error","message":"messages: at least one is needed"}}',
    );
    const refused = await post(COUNT, counted('anthropic/claude-opus-4-5'));
    expect(refused.status).toBe(400);
    expect(refused.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
  });

  it('has its errors in Anthropic’s form', async () => {
    for (const body of ['{', counted('zai/nope')]) {
      const answer = await post(COUNT, body);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.json()).toMatchObject({ type: 'error' });
    }
  });
});

describe('embeddings', () => {
  it('pass through where they are served, and are booked', async () => {
    const mistral = keep(await startSimulatedProvider('mistral'));
    const connection = { provider: 'mistral', offering: 'api', secret: mistral.keys.good };
    const models = ['mistral-embed'];
    gateway.reroute({ connections: [{ ...connection, baseUrl: mistral.url, models }] });
    const answer = await post('/v1/embeddings', { model: 'mistral-embed', input: 'hello' });
    expect(mistral.requests.at(-1)).toMatchObject({
      path: '/v1/embeddings',
      body: { model: 'mistral-embed', input: 'hello' },
    });
    expect(answer.status).toBe(200);
    const end = await gateway.end();
    expect(end).toMatchObject({ status: 'OK', request: { protocol: 'OPENAI_EMBEDDINGS' } });
    expect(end.attempts[0]?.tokens.input).toBeGreaterThan(0);
  });

  it('are refused for a model that only chats', async () => {
    const answer = await post('/v1/embeddings', { model: 'zai/glm-5.1', input: 'hello' });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ error: { message: expect.stringMatching(/cannot be called/) } });
    expect(zai.requests).toHaveLength(0);
  });
});

describe('methods', () => {
  it('that are not served are refused with those that are', async () => {
    for (const [path, allow] of [
      ['/v1/responses', 'POST'],
      [COUNT, 'POST'],
      ['/v1/embeddings', 'POST'],
      ['/v1/models', 'GET, HEAD'],
    ] as const) {
      const answer = await plainRequest(gateway.url + path, { method: 'DELETE' });
      expect([path, answer.status, answer.headers['allow']]).toEqual([path, 405, allow]);
    }
  });

  it('include HEAD for the list of models', async () => {
    const answer = await plainRequest(`${gateway.url}/v1/models`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${gateway.key}` },
    });
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(Number(answer.headers['content-length'])).toBeGreaterThan(10);
  });
});

it('names the field at fault to callers whose dialect has a place for it', async () => {
  const answer = await post('/v1/chat/completions', { model: 7, messages: [] });
  expect(answer.json()).toMatchObject({ error: { param: 'model' } });
});
