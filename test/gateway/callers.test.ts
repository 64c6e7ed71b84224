/** Callers that leave, dawdle, pipeline or speak odd HTTP: each leaves the gateway as it was, and the provider's call ends. */
import { once } from 'node:events';
import { Agent, request as httpRequest, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ANSWER_CAPTURE_MAX_BYTES } from '../../src/config/limits.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { plainRequest } from '../support/http-client.js';
import { startRawProvider, type RawProvider } from '../support/raw-provider.js';
import { until } from '../support/wait.js';

const disposables: AsyncDisposable[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const disposable of disposables.splice(0).toReversed()) await disposable[Symbol.asyncDispose]();
});

type Answer = (response: ServerResponse) => void;

async function provider(answer: Answer): Promise<RawProvider> {
  const started = await startRawProvider(answer);
  disposables.push(started);
  return started;
}
async function gatewayTo(...providers: RawProvider[]): Promise<TestGateway> {
  const connections = providers.map(({ connection }, priority) => ({ ...connection, priority }));
  const gateway = await startTestGateway({ connections });
  disposables.push(gateway);
  return gateway;
}

/** A bare connection to the gateway, and all that came back on it. */
async function dial(gateway: TestGateway) {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  let text = '';
  let ended = false;
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.once('close', () => (ended = true));
  return {
    socket,
    write: (bytes: string) => socket.write(bytes),
    text: () => text,
    saw: (pattern: RegExp) => until(`the answer matches ${pattern}`, () => pattern.test(text)),
    ended: () => until('the gateway closes the connection', () => ended),
    isEnded: () => ended,
  };
}

const BODY = JSON.stringify({ model: 'zai/glm-5.1', stream: true, messages: [] });
const head = (gateway: TestGateway, lines: readonly string[], path = '/v1/chat/completions') =>
  [`POST ${path} HTTP/1.1`, 'host: x', `authorization: Bearer ${gateway.key}`, ...lines, '', ''].join('\r\n');
const post = (gateway: TestGateway, body = BODY) =>
  head(gateway, [`content-length: ${Buffer.byteLength(body)}`]) + body;

const STREAM = { 'content-type': 'text/event-stream' };
const DELTA = 'data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n';
const USAGE = 'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\n';
const DONE = 'data: [DONE]\n\n';
const whole: Answer = (response) => response.writeHead(200, STREAM).end(DELTA + USAGE + DONE);
const CHOICES = '"choices":[{"message":{"content":"hi"}}]';
const json: Answer = (response) => response.end(`{${CHOICES},"usage":{"prompt_tokens":3}}`);

describe('a caller that leaves', () => {
  const MOMENTS: readonly (readonly [string, Answer])[] = [
    ['before the provider answered', () => undefined],
    ['with the head of a stream there', (response) => response.writeHead(200, STREAM).flushHeaders()],
    ['between chunks', (response) => void response.writeHead(200, STREAM).write(DELTA)],
    ['in the middle of a whole answer', (response) => void response.writeHead(200).write('{"choices":[')],
    ['while the provider explains an error', (response) => void response.writeHead(503).write('{"error"')],
  ];
  for (const [moment, answer] of MOMENTS) {
    it(`${moment} cancels that call and starts no other`, async () => {
      const slow = await provider(answer);
      const spare = await provider(whole);
      const gateway = await gatewayTo(slow, spare);
      const caller = await dial(gateway);
      caller.write(post(gateway));
      await until('the provider has the call', () => slow.calls === 1);
      if (moment === 'between chunks') await caller.saw(/"hi"/);
      caller.socket.destroy();
      expect(await gateway.end()).toMatchObject({
        status: 'CANCELLED',
        attempts: [{ failure: { class: 'CANCELLED' } }],
      });
      await until('the call to the provider is closed', () => slow.closed === 1);
      expect(spare.calls).toBe(0);
      expect(gateway.records.filter(({ kind }) => kind === 'end')).toHaveLength(1);
    });
  }

  it('after the closing frame has been answered, though the provider says no more of usage', async () => {
    const lingering = await provider((response) => void response.writeHead(200, STREAM).write(DELTA + DONE));
    const gateway = await gatewayTo(lingering);
    const caller = await dial(gateway);
    caller.write(post(gateway));
    await caller.saw(/\[DONE\]/);
    caller.socket.destroy();
    expect((await gateway.end()).status).toBe('OK');
    await until('the call to the provider is closed', () => lingering.closed === 1);
  });

  it('in the middle of its own request costs nothing and is no fault of ours', async () => {
    const untouched = await provider(whole);
    const gateway = await gatewayTo(untouched);
    for (const framing of ['content-length: 500', 'transfer-encoding: chunked']) {
      const caller = await dial(gateway);
      caller.write(head(gateway, [framing]) + '1f\r\n{"model":');
      caller.socket.end();
      await caller.ended();
    }
    expect(untouched.calls).toBe(0);
    expect(gateway.records).toEqual([]);
  });

  it('takes the calls with it that it had queued behind another on the same connection', async () => {
    const slow = await provider((response) => void response.writeHead(200, STREAM).write(DELTA));
    const gateway = await gatewayTo(slow);
    const caller = await dial(gateway);
    caller.write(post(gateway) + post(gateway));
    await until('the provider has both calls', () => slow.calls === 2);
    caller.socket.destroy();
    expect([(await gateway.end(0)).status, (await gateway.end(1)).status]).toEqual([
      'CANCELLED',
      'CANCELLED',
    ]);
    await until('both calls are closed', () => slow.closed === 2);
  });
});

describe('a caller that reads slowly', () => {
  const CHUNK = DELTA.repeat(2_000);
  const CHUNKS = 400;

  for (const include_usage of [true, false]) {
    it(`makes the provider wait, whatever the size of the answer (include_usage ${include_usage})`, async () => {
      let sent = 0;
      const warnings: Error[] = [];
      const onWarning = (warning: Error): void => void warnings.push(warning);
      process.on('warning', onWarning);
      const huge = await provider((response) => {
        response.writeHead(200, STREAM);
        const more = (): void => {
          while (sent < CHUNKS) {
            sent++;
            if (!response.write(CHUNK)) return void response.once('drain', more);
          }
          response.end(USAGE + DONE);
        };
        more();
      });
      const gateway = await gatewayTo(huge);
      const before = process.memoryUsage().rss;
      const request = httpRequest(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.key}` },
      });
      request.end(
        JSON.stringify({
          model: 'zai/glm-5.1',
          stream: true,
          messages: [],
          ...(include_usage && { stream_options: { include_usage } }),
        }),
      );
      const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
      let seen = -1;
      let still = 0;
      await until('the provider is held up', () => {
        still = sent === seen ? still + 1 : 0;
        seen = sent;
        return still > 20;
      });
      // What the kernel's buffers take on three sockets, not the 45 MB there are.
      expect(sent).toBeLessThan(CHUNKS / 2);
      expect(process.memoryUsage().rss - before).toBeLessThan(CHUNKS * CHUNK.length);
      let bytes = 0;
      for await (const chunk of response) bytes += (chunk as Buffer).length;
      const closing = DONE.length + (include_usage ? USAGE.length : 0);
      expect(bytes).toBe(CHUNKS * CHUNK.length + closing);
      expect((await gateway.end()).status).toBe('OK');
      process.off('warning', onWarning);
      expect(warnings).toEqual([]);
    });
  }

  it('of a whole answer too large to hold gets all of it, and nothing piles up behind it', async () => {
    const text = `{"choices":["${'x'.repeat(ANSWER_CAPTURE_MAX_BYTES)}"]}`;
    const huge = await provider((response) => response.end(text));
    const gateway = await gatewayTo(huge);
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const answer = await plainRequest(`${gateway.url}/v1/chat/completions`, {
      headers: { authorization: `Bearer ${gateway.key}` },
      body: { model: 'zai/glm-5.1', messages: [] },
    });
    expect(answer.body.equals(Buffer.from(text))).toBe(true);
    expect(await gateway.end()).toMatchObject({ status: 'OK', attempts: [{ tokenSource: 'ESTIMATED' }] });
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  it('and leaves while the provider waits ends the call', async () => {
    let sent = 0;
    const huge = await provider((response) => {
      response.writeHead(200, STREAM);
      const more = (): void => {
        do sent++;
        while (response.write(CHUNK));
        response.once('drain', more);
      };
      more();
    });
    const gateway = await gatewayTo(huge);
    const caller = await dial(gateway);
    caller.socket.pause();
    caller.write(post(gateway));
    let seen = -1;
    let still = 0;
    await until('the provider is held up', () => {
      still = sent > 0 && sent === seen ? still + 1 : 0;
      seen = sent;
      return still > 20;
    });
    caller.socket.destroy();
    expect((await gateway.end()).status).toBe('CANCELLED');
    await until('the call to the provider is closed', () => huge.closed === 1);
  });
});

describe('HTTP', () => {
  it('answers pipelined requests in their order', async () => {
    let calls = 0;
    const racing = await provider((response) => {
      const call = ++calls;
      const answer = (): void => void response.end(`{${CHOICES},"call":${call}}`);
      if (call === 1) void until('the second call is there', () => calls === 2).then(answer);
      else answer();
    });
    const gateway = await gatewayTo(racing);
    const caller = await dial(gateway);
    const body = '{"model":"zai/glm-5.1"}';
    caller.write(post(gateway, body) + post(gateway, body));
    await caller.saw(/"call":1[^]*"call":2/);
  });

  it('lets a caller go on that waits to be asked for its body', async () => {
    const gateway = await gatewayTo(await provider(json));
    const caller = await dial(gateway);
    const body = '{"model":"zai/glm-5.1"}';
    caller.write(head(gateway, ['expect: 100-continue', `content-length: ${body.length}`]));
    await caller.saw(/^HTTP\/1\.1 100 Continue/);
    caller.write(body);
    await caller.saw(/HTTP\/1\.1 200 OK/);
  });

  it('takes a body in chunks and sends the provider its length', async () => {
    let headers: NodeJS.Dict<string | string[]> = {};
    const reading = await startRawProvider((response, request) => {
      ({ headers } = request);
      json(response);
    });
    disposables.push(reading);
    const gateway = await gatewayTo(reading);
    const caller = await dial(gateway);
    caller.write(head(gateway, ['transfer-encoding: chunked']));
    caller.write('9\r\n{"model":\r\n');
    caller.write('e\r\n"zai/glm-5.1"}\r\n0\r\n\r\n');
    await caller.saw(/200 OK/);
    expect(headers).toMatchObject({ 'content-length': '19' });
    expect(headers).not.toHaveProperty('transfer-encoding');
  });

  it('sends the provider a session that fits a header, whatever the caller calls its conversation', async () => {
    const sessions: unknown[] = [];
    const reading = await startRawProvider((response, request) => {
      sessions.push(request.headers['x-opencode-session']);
      json(response);
    });
    disposables.push(reading);
    const gateway = await startTestGateway({
      connections: [{ ...reading.connection, provider: 'opencode-go', offering: 'go', models: ['glm-5.1'] }],
    });
    disposables.push(gateway);
    for (const prompt_cache_key of ['mine', 'a\r\nx: y', 'ключ', 'long'.repeat(1_000)]) {
      const answer = await plainRequest(`${gateway.url}/v1/chat/completions`, {
        headers: { authorization: `Bearer ${gateway.key}` },
        body: { model: 'opencode-go/glm-5.1', messages: [], prompt_cache_key },
      });
      expect(answer.status).toBe(200);
    }
    expect(sessions[0]).toBe('mine');
    expect(sessions.slice(1)).toEqual(Array(3).fill(expect.stringMatching(/^sy-[\w-]{32}$/)));
  });

  it('keeps the connection after an error that left nothing unread, and closes it after one that did', async () => {
    const gateway = await gatewayTo(await provider(json));
    const caller = await dial(gateway);
    for (const body of ['{', '{"model":"nope"}', '{}']) caller.write(post(gateway, body));
    caller.write('HEAD / HTTP/1.1\r\nhost: x\r\n\r\n');
    caller.write(post(gateway, '{"model":"zai/glm-5.1"}'));
    await caller.saw(/ 400 [^]* 404 [^]* 400 [^]* 200 OK[^]* 200 OK[^]*"choices"/);
    expect(caller.isEnded()).toBe(false);
    caller.write(head(gateway, [`content-length: ${2 ** 31}`]));
    await caller.saw(/ 413 [^]*connection: close/i);
    await caller.ended();
  });

  it('refuses headers without end, two lengths, and what is no HTTP, each with its status', async () => {
    const gateway = await gatewayTo(await provider(json));
    const cases = [
      [head(gateway, [`x-a: ${'a'.repeat(70_000)}`]), / 431 /],
      [head(gateway, ['content-length: 2', 'content-length: 3']) + '{}', / 400 /],
      [head(gateway, ['content-length: 2', 'transfer-encoding: chunked']) + '{}', / 400 /],
      ['\x16\x03\x01\x02 hello\r\n\r\n', / 400 /],
    ] as const;
    for (const [bytes, status] of cases) {
      const caller = await dial(gateway);
      caller.write(bytes);
      await caller.saw(status);
      await caller.ended();
    }
    expect(gateway.records).toEqual([]);
  });

  it('refuses a model named twice, which the provider might read otherwise, and strings that are none', async () => {
    const untouched = await provider(json);
    const gateway = await gatewayTo(untouched);
    const bodies = [
      '{"model":"zai/other","model":"zai/glm-5.1"}',
      '{"model":"zai/\\qglm-5.1"}',
      '{"\\q":1,"model":"zai/glm-5.1"}',
      '{"model":"zai/glm-5.1","stream":true,"stream_options":{"\\q":1}}',
    ];
    for (const body of bodies) {
      const answer = await plainRequest(`${gateway.url}/v1/chat/completions`, {
        headers: { authorization: `Bearer ${gateway.key}` },
        body,
      });
      expect([body, answer.status]).toEqual([body, 400]);
    }
    expect(untouched.calls).toBe(0);
  });
});

describe('draining', () => {
  it('lets a stream finish, then closes its connection at once though both sides would have kept it', async () => {
    let finish = (): void => undefined;
    const slow = await provider((response) => {
      response.writeHead(200, STREAM).write(DELTA);
      finish = () => void response.end(USAGE + DONE);
    });
    const gateway = await gatewayTo(slow);
    const agent = new Agent({ keepAlive: true });
    const request = httpRequest(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      agent,
      headers: { authorization: `Bearer ${gateway.key}` },
    });
    request.end(BODY);
    const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
    let text = '';
    response.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await until('the stream has begun', () => text !== '');
    const drained = gateway.drain(60_000);
    finish();
    await drained;
    await until('the caller has it all', () => text.endsWith(DONE));
    expect((await gateway.end()).status).toBe('OK');
    agent.destroy();
  });

  it('asks callers on open connections to come back on another', async () => {
    let finish = (): void => undefined;
    const slow = await provider((response) => {
      finish = () => json(response);
    });
    const gateway = await gatewayTo(slow);
    const busy = await dial(gateway);
    busy.write(post(gateway, '{"model":"zai/glm-5.1"}'));
    await until('the provider has the call', () => slow.calls === 1);
    const drained = gateway.drain(60_000);
    busy.write('GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n');
    finish();
    await busy.saw(/200 OK[^]*503 [^]*connection: close/i);
    await drained;
    await busy.ended();
  });
});
