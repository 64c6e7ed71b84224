/** Answers that providers should not give, and what the caller and the journal make of them. */
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestConnection, type TestGateway } from '../support/gateway.js';
import { plainRequest } from '../support/http-client.js';
import { startRawProvider, type RawProvider } from '../support/raw-provider.js';

const disposables: AsyncDisposable[] = [];
afterEach(async () => {
  for (const disposable of disposables.splice(0).toReversed()) await disposable[Symbol.asyncDispose]();
});

async function provider(answer: (response: ServerResponse) => void): Promise<RawProvider> {
  const started = await startRawProvider(answer);
  disposables.push(started);
  return started;
}
async function gatewayTo(...connections: TestConnection[]): Promise<TestGateway> {
  const gateway = await startTestGateway({
    connections: connections.map((connection, priority) => ({ priority, ...connection })),
  });
  disposables.push(gateway);
  return gateway;
}
const ask = (gateway: TestGateway, extra: object = {}, path = '/v1/chat/completions') =>
  plainRequest(gateway.url + path, {
    headers: { authorization: `Bearer ${gateway.key}` },
    body: { model: 'zai/glm-5.1', messages: [{ role: 'user', content: 'hi' }], ...extra },
  });

const ANSWER =
  '{"choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}';
const STREAM = { 'content-type': 'text/event-stream' };
const frame = (json: string, lineEnd = '\n') => `data: ${json}${lineEnd}${lineEnd}`;
const delta = (text: string) => frame(`{"choices":[{"index":0,"delta":{"content":"${text}"}}]}`);

describe('a provider that answers in another way than asked', () => {
  for (const status of [301, 302, 307, 308]) {
    it(`is not followed where its ${status} points`, async () => {
      const elsewhere = await provider((response) => response.end(ANSWER));
      const redirecting = await provider((response) =>
        response.writeHead(status, { location: `${elsewhere.url}/stolen` }).end(),
      );
      const gateway = await gatewayTo(redirecting.connection);
      const answer = await ask(gateway);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.headers).not.toHaveProperty('location');
      expect(elsewhere.calls).toBe(0);
      expect(await gateway.end()).toMatchObject({ status: 'FAILED', failure: { httpStatus: status } });
    });
  }

  it('has not answered with a 204: the next connection is asked', async () => {
    const silent = await provider((response) => response.writeHead(204).end());
    const good = await provider((response) => response.end(ANSWER));
    const gateway = await gatewayTo(silent.connection, good.connection);
    expect((await ask(gateway)).status).toBe(200);
    const end = await gateway.end();
    expect(end.attempts.map(({ failure }) => failure?.class ?? null)).toEqual(['INCOMPLETE_ANSWER', null]);
  });

  it('may send early hints first', async () => {
    const hinting = await provider((response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.end(ANSWER);
    });
    const gateway = await gatewayTo(hinting.connection);
    expect((await ask(gateway)).text).toBe(ANSWER);
    expect((await gateway.end()).attempts[0]?.tokens).toMatchObject({ input: 3, output: 4 });
  });

  for (const type of ['application/json', 'text/event-stream']) {
    it(`is not passed on compressed, where none could read it: ${type}`, async () => {
      const zipping = await provider((response) =>
        response.writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' }).end(gzipSync(ANSWER)),
      );
      const gateway = await gatewayTo(zipping.connection);
      const answer = await ask(gateway);
      expect(answer.status).toBe(502);
      expect(answer.text).toMatch(/compressed/);
      expect((await gateway.end()).failure?.class).toBe('INCOMPLETE_ANSWER');
    });
  }

  it('passes none of its cookies, server names, or connection headers to the caller', async () => {
    const chatty = await provider((response) => {
      const headers = [
        ['content-type', 'application/json'],
        ['set-cookie', 'a=b'],
        ['set-cookie', 'c=d'],
        ['server', 'secret-host'],
        ['x-request-id', 'theirs'],
        ['access-control-allow-origin', '*'],
        ['alt-svc', 'h3=":1"'],
        ['x-ratelimit-remaining-requests', '7'],
        ['x-ratelimit-note', 'caf\u00e9 \u0080'],
      ];
      response.writeHead(200, headers.flat());
      response.end(ANSWER);
    });
    const gateway = await gatewayTo(chatty.connection);
    const { headers } = await ask(gateway);
    for (const name of ['set-cookie', 'server', 'access-control-allow-origin', 'alt-svc']) {
      expect(headers).not.toHaveProperty(name);
    }
    expect(headers['x-request-id']).toMatch(/^req_/);
    expect(headers['x-ratelimit-remaining-requests']).toBe('7');
  });

  it('reads the kind of answer whatever the case of its content type', async () => {
    const loud = await provider((response) =>
      response.writeHead(200, { 'content-type': 'Text/Event-Stream' }).end(delta('hi') + 'data: [DONE]\n\n'),
    );
    const gateway = await gatewayTo(loud.connection);
    expect((await ask(gateway, { stream: true })).text).toContain('"hi"');
  });
});

describe('a stream', () => {
  const ERROR = '{"error":{"code":"1113","message":"Insufficient balance"}}';

  for (const include_usage of [true, false]) {
    for (const lineEnd of ['\n', '\r\n']) {
      const form = `${include_usage ? 'read after' : 'read before'} passing, ${JSON.stringify(lineEnd)}`;
      it(`with an error in its middle is booked as that error and ends there: ${form}`, async () => {
        // The connection stays open: the error itself must end the answer.
        const failing = await provider((response) => {
          response.writeHead(200, STREAM).write(frame('{"choices":[{"delta":{"content":"one"}}]}', lineEnd));
          setImmediate(() => {
            const two = '{"choices":[{"delta":{"content":"two"}}],"error":null}';
            response.write(frame(two, lineEnd) + frame(ERROR, lineEnd));
          });
        });
        const gateway = await gatewayTo(failing.connection);
        const answer = await ask(gateway, { stream: true, stream_options: { include_usage } });
        expect(answer.text).toMatch(/one[^]*two[^]*"error":\{[^]*\n\n$/);
        const end = await gateway.end();
        expect(end).toMatchObject({ status: 'FAILED', failure: { message: 'Insufficient balance' } });
        expect(end.failure?.class).not.toBe('NETWORK');
      });
    }
  }

  it('that breaks after its closing frame is whole', async () => {
    const resetting = await provider((response) => {
      response.writeHead(200, STREAM).write(delta('hi') + 'data: [DONE]\n\n', () => response.destroy());
    });
    const gateway = await gatewayTo(resetting.connection);
    const answer = await ask(gateway, { stream: true });
    expect(answer.broken).toBe(false);
    expect(answer.text).toBe(delta('hi') + 'data: [DONE]\n\n');
    expect(await gateway.end()).toMatchObject({ status: 'OK', attempts: [{ tokenSource: 'ESTIMATED' }] });
  });

  it('that breaks after everything was said is whole and booked once', async () => {
    const usage = frame('{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}');
    const resetting = await provider((response) => {
      const text = delta('hi') + usage + 'data: [DONE]\n\n';
      response.writeHead(200, STREAM).write(text, () => response.socket?.resetAndDestroy());
    });
    const gateway = await gatewayTo(resetting.connection);
    expect((await ask(gateway, { stream: true })).text).toBe(delta('hi') + 'data: [DONE]\n\n');
    expect(await gateway.end()).toMatchObject({
      status: 'OK',
      attempts: [{ tokens: { input: 3, output: 4 } }],
    });
    expect(gateway.records.filter(({ kind }) => kind === 'end')).toHaveLength(1);
  });

  it('never gets a second head when it breaks after the first frame: no other connection is asked', async () => {
    const breaking = await provider((response) => {
      response.writeHead(200, STREAM).write(delta('hi'), () => response.destroy());
    });
    const spare = await provider((response) => response.end(ANSWER));
    const gateway = await gatewayTo(breaking.connection, spare.connection);
    expect((await ask(gateway, { stream: true })).text).toMatch(/"hi"[^]*"error"/);
    expect(spare.calls).toBe(0);
  });
});

it('moves on from a connection whose secret does not open, and says so when there is no other', async () => {
  const good = await provider((response) => response.end(ANSWER));
  const damaged = { ...good.connection, sealed: 'v1.other.a.b.c' };
  const gateway = await gatewayTo(damaged, good.connection);
  expect((await ask(gateway)).headers['x-switchyard-attempts']).toBe('2');
  expect((await gateway.end()).attempts.map(({ failure }) => failure?.class ?? null)).toEqual([
    'AUTHENTICATION',
    null,
  ]);
  gateway.reroute({ connections: [damaged] });
  const refused = await ask(gateway);
  expect(refused.status).toBe(502);
  expect(refused.text).toMatch(/cannot be opened/);
  expect(await gateway.end(1)).toMatchObject({ status: 'FAILED', attempts: [{ failure: {} }] });
});

it('puts nothing of a model’s name into a header that could start another', async () => {
  const good = await provider((response) => response.end(ANSWER));
  const id = 'a\r\nx-evil: 1\u2028é';
  const gateway = await gatewayTo({ ...good.connection, models: [id] });
  const answer = await ask(gateway, { model: `zai/${id}` });
  expect(answer.status).toBe(200);
  expect(answer.headers).not.toHaveProperty('x-evil');
  expect(decodeURI(String(answer.headers['x-switchyard-model']))).toBe(`zai/${id}`);
});
