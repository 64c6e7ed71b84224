/** Whatever a caller sends, it gets a clear error in its own dialect, never a 500, and the gateway goes on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REQUEST_BODY_MAX_BYTES } from '../../src/config/limits.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { plainRequest } from '../support/http-client.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';

let zai: SimulatedProvider;
let gateway: TestGateway;

beforeAll(async () => {
  zai = await startSimulatedProvider('zai');
  const connection = { secret: zai.keys.good, baseUrl: zai.url };
  gateway = await startTestGateway({
    connections: [
      { ...connection, provider: 'zai', offering: 'coding-plan', models: ['glm-5.1', 'glm-4.7'] },
    ],
    allowedModels: ['zai/glm-5.1', 'zai/missing'],
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await zai.close();
});

const good = { model: 'zai/glm-5.1', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] };
const CASES: readonly (readonly [string, { body?: unknown; key?: string | null }, number, RegExp])[] = [
  ['malformed JSON', { body: '{"model": "zai/glm-5.1", ' }, 400, /not valid JSON/],
  ['JSON that is no object', { body: '[1]' }, 400, /JSON object/],
  ['an empty body', { body: '' }, 400, /not valid JSON/],
  ['a brace too many', { body: '{}}' }, 400, /not valid JSON/],
  ['nesting without end', { body: '['.repeat(100_000) }, 400, /not valid JSON/],
  ['deep nesting', { body: `{"a":${'['.repeat(2000)}${']'.repeat(2000)}}` }, 400, /levels/],
  ['no model', { body: { messages: [] } }, 400, /No model was named/],
  ['a model that is no string', { body: { ...good, model: 7 } }, 400, /must be a string/],
  ['an unknown model', { body: { ...good, model: 'zai/missing' } }, 404, /no model "zai\/missing"/],
  [
    'a model the key may not use',
    { body: { ...good, model: 'zai/glm-4.7' } },
    403,
    /may not use zai\/glm-4.7/,
  ],
  ['no key', { body: good, key: null }, 401, /No access key/],
  ['a wrong key', { body: good, key: 'sy_wrong' }, 401, /not known/],
];

for (const path of ['/v1/chat/completions', '/v1/messages']) {
  describe(`POST ${path}`, () => {
    for (const [name, { body, key = gateway?.key }, status, message] of CASES) {
      it(`answers ${name} with ${status}`, async () => {
        const presented = key === null ? {} : { authorization: `Bearer ${key ?? gateway.key}` };
        const answer = await plainRequest(gateway.url + path, { headers: presented, body });
        expect(answer.status).toBe(status);
        const error = answer.json() as { type?: string; error: { message: string; type: string } };
        expect(error.error.message).toMatch(message);
        expect(error.error.type).not.toBe('');
        expect(error.type).toBe(path === '/v1/messages' ? 'error' : undefined);
        expect(answer.headers['x-request-id']).toMatch(/^req_/);
      });
    }

    it('answers a body over the limit with 413 without reading it', async () => {
      const answer = await plainRequest(gateway.url + path, {
        headers: { authorization: `Bearer ${gateway.key}` },
        body: Buffer.alloc(REQUEST_BODY_MAX_BYTES + 1, 0x20),
      }).catch((error: unknown) => error as NodeJS.ErrnoException);
      // The server closes without reading on: a client still sending may see that before it sees the answer.
      if (answer instanceof Error) expect(['EPIPE', 'ECONNRESET']).toContain(answer.code);
      else expect(answer.status).toBe(413);
    });

    it('answers a declared size over the limit with 413', async () => {
      const answer = await plainRequest(gateway.url + path, {
        headers: {
          authorization: `Bearer ${gateway.key}`,
          'content-length': String(REQUEST_BODY_MAX_BYTES + 1),
        },
        body: '{}',
      });
      expect(answer.status).toBe(413);
      expect((answer.json() as { error: { message: string } }).error.message).toMatch(/larger than/);
    });

    it('answers another method with 405', async () => {
      expect((await plainRequest(gateway.url + path, { method: 'GET' })).status).toBe(405);
    });
  });
}

it('refuses a key whose time is over', async () => {
  const expired = await startTestGateway({ connections: [], validUntil: 1 });
  try {
    const answer = await plainRequest(`${expired.url}/v1/models`, {
      headers: { authorization: `Bearer ${expired.key}` },
    });
    expect(answer.status).toBe(401);
    expect(answer.text).toMatch(/expired/);
  } finally {
    await expired[Symbol.asyncDispose]();
  }
});

it('names what is served to whoever asks for another path', async () => {
  const answer = await plainRequest(`${gateway.url}/chat/completions`, { body: good });
  expect(answer.status).toBe(404);
  expect(answer.text).toMatch(/POST \/v1\/chat\/completions/);
});

it('records a refused request as rejected, with the reason', async () => {
  await plainRequest(`${gateway.url}/v1/messages`, {
    headers: { authorization: `Bearer ${gateway.key}` },
    body: { ...good, model: 'zai/never-heard-of' },
  });
  const end = gateway.records.filter((record) => record.kind === 'end').at(-1);
  expect(end).toMatchObject({ status: 'REJECTED', failure: { class: 'MODEL_NOT_FOUND' }, attempts: [] });
});

it('goes on serving after all of it', async () => {
  const answer = await plainRequest(`${gateway.url}/v1/messages`, {
    headers: { 'x-api-key': gateway.key },
    body: good,
  });
  expect(answer.status).toBe(200);
});
