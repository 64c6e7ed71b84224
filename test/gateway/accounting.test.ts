/** What the journal says of a request: the tokens the provider stated, the attempts it took, how it ended. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { planConnection, startTestGateway, type TestGateway } from '../support/gateway.js';
import { plainRequest } from '../support/http-client.js';
import { startRawProvider } from '../support/raw-provider.js';
import {
  startSimulatedProvider,
  type Fault,
  type SimulatedProvider,
} from '../support/providers/simulated-provider.js';

let zai: SimulatedProvider;
let gateway: TestGateway;

beforeEach(async () => {
  zai = await startSimulatedProvider('zai');
  gateway = await startTestGateway({
    connections: [planConnection(zai)],
  });
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await zai.close();
});

const TOKENS = '[tokens in=12 out=34 cached=5 reasoning=7]';
const FORMATS = [
  ['/v1/chat/completions', { input: 12, cacheRead: 5, cacheWrite: 0, output: 34, reasoning: 7 }],
  ['/v1/messages', { input: 12, cacheRead: 5, cacheWrite: 0, output: 34, reasoning: null }],
] as const;

/** Whole answers up to the frame after which nothing follows. */
const CLOSED_STREAMS = {
  '/v1/chat/completions':
    'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}\n\n' +
    'data: [DONE]\n\n',
  '/v1/messages':
    'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":3,"output_tokens":1}}}\n\n' +
    'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n' +
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}\n\n' +
    'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n' +
    'event: message_delta\ndata: {"type":"message_delta","delta":{},"usage":{"output_tokens":1}}\n\n' +
    'event: message_stop\ndata: {"type":"message_stop"}\n\n',
};

const post = (
  path: string,
  extra: object = {},
  content = TOKENS,
  signal?: AbortSignal,
  onChunk?: (chunk: Buffer) => void,
) =>
  plainRequest(gateway.url + path, {
    headers: { authorization: `Bearer ${gateway.key}` },
    body: { model: 'zai/glm-5.1', max_tokens: 99, messages: [{ role: 'user', content }], ...extra },
    ...(signal ? { signal } : {}),
    ...(onChunk ? { onChunk } : {}),
  });

for (const [path, tokens] of FORMATS) {
  for (const stream of [false, true]) {
    const form = `${path}, ${stream ? 'streamed' : 'whole'}`;
    it(`records the tokens exactly as stated: ${form}`, async () => {
      await post(path, { stream });
      const end = await gateway.end();
      expect(end).toMatchObject({ status: 'OK', failure: null });
      expect(end.request).toMatchObject({ requestedModel: 'zai/glm-5.1', streamed: stream });
      expect(end.attempts).toEqual([
        expect.objectContaining({
          tokens,
          tokenSource: 'REPORTED',
          failure: null,
          offering: 'zai/coding-plan',
          billing: 'SUBSCRIPTION',
        }),
      ]);
      expect(end.firstTokenMs === null).toBe(!stream);
    });
  }

  it(`has written the end before the closing frame leaves, though the provider keeps the line open: ${path}`, async () => {
    let hangUp = (): void => undefined;
    await using provider = await startRawProvider((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(CLOSED_STREAMS[path]);
      hangUp = () => void response.end();
    });
    gateway.reroute({ connections: [provider.connection] });
    let lastWhenClosed: unknown = null;
    let seen = '';
    await post(
      path,
      { stream: true, stream_options: { include_usage: true } },
      TOKENS,
      undefined,
      (chunk) => {
        seen += chunk.toString();
        if (!/\[DONE\]|"message_stop"/.test(seen)) return;
        lastWhenClosed ??= gateway.records.at(-1);
        hangUp();
      },
    );
    expect(lastWhenClosed).toMatchObject({ kind: 'end', status: 'OK' });
  });

  it(`books a stream that breaks as failed, with what was seen, and tells the caller: ${path}`, async () => {
    zai.setFault({ kind: 'cut', afterFrames: 6 });
    const answer = await post(path, { stream: true }, '[frames 20]');
    expect(answer.status).toBe(200);
    expect(answer.broken).toBe(false);
    expect(answer.text).toMatch(
      path === '/v1/messages' ? /event: error\ndata: .*\n\n$/ : /data: \{"error":.*\n\n$/,
    );
    const end = await gateway.end();
    expect(end.status).toBe('FAILED');
    expect(['NETWORK', 'INCOMPLETE_ANSWER']).toContain(end.failure?.class);
    expect(end.attempts[0]?.tokens.output).toBeGreaterThan(0);
    expect(end.attempts[0]?.tokenSource).toBe('ESTIMATED');
  });

  it(`cancels the provider's call when the caller leaves, and counts what was used: ${path}`, async () => {
    const leave = new AbortController();
    await post(path, { stream: true }, '[frames 500 every 5ms]', leave.signal, () => leave.abort()).catch(
      () => null,
    );
    const end = await gateway.end();
    expect(end).toMatchObject({ status: 'CANCELLED', failure: { class: 'CANCELLED' } });
    expect(end.attempts[0]?.tokens.input).toBeGreaterThan(0);
    const [call] = zai.requests;
    await call?.settled;
    expect(call?.outcome).toBe('client-left');
  });

  const BEFORE_CONTENT: readonly (readonly [string, Fault, string])[] = [
    ['an answer reset before its first byte', { kind: 'reset' }, 'NETWORK'],
    ['a 500', { kind: 'status', status: 500, body: { error: { message: 'boom' } } }, 'UPSTREAM_ERROR'],
    [
      'a 200 that is an error',
      { kind: 'status', status: 200, body: { code: 1000, msg: 'Authentication Failed', success: false } },
      'AUTHENTICATION',
    ],
    [
      'an error as the first frame',
      { kind: 'error-frame', afterFrames: 0, body: { error: { code: '1305', message: 'overloaded' } } },
      'RATE_LIMITED',
    ],
  ];
  for (const [name, fault, failureClass] of BEFORE_CONTENT) {
    it(`tells the caller of ${name} in its own dialect, and books it: ${path}`, async () => {
      zai.setFault(fault);
      const answer = await post(path, { stream: true });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.headers['content-type']).toBe('application/json');
      const body = answer.json() as { type?: string; error: { message: string } };
      expect(body.error.message).not.toBe('');
      if (path === '/v1/messages') expect(body.type).toBe('error');
      expect((await gateway.end()).failure?.class).toBe(failureClass);
    });
  }
}

it('never shows the caller a provider’s refusal of our credential as a refusal of the caller’s', async () => {
  zai.setFault({
    kind: 'status',
    status: 401,
    body: { error: { code: '1000', message: 'Authentication Failed' } },
  });
  expect((await post('/v1/chat/completions')).status).toBe(502);
});

it('tries the next connection of the model when one fails before content, and says how many it took', async () => {
  const spare = await startSimulatedProvider('zai');
  try {
    gateway.reroute({
      connections: [zai, spare].map((provider, priority) => ({ ...planConnection(provider), priority })),
    });
    zai.setFault({ kind: 'status', status: 503, body: { error: { message: 'busy' } } });
    const answer = await post('/v1/chat/completions');
    expect(answer.status).toBe(200);
    expect(answer.headers['x-switchyard-attempts']).toBe('2');
    const end = await gateway.end();
    expect(end.attempts.map((attempt) => attempt.failure?.class ?? null)).toEqual(['UPSTREAM_ERROR', null]);
    expect(spare.requests).toHaveLength(1);
  } finally {
    await spare.close();
  }
});

it('does not try another connection for a mistake of the caller', async () => {
  zai.setFault({ kind: 'status', status: 400, body: { error: { code: '1214', message: 'bad parameter' } } });
  const connection = planConnection(zai);
  gateway.reroute({ connections: [connection, connection] });
  expect((await post('/v1/chat/completions')).status).toBeLessThan(500);
  expect((await gateway.end()).attempts).toHaveLength(1);
});
