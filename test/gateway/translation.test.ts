/** Callers of one dialect and providers of another: what the gateway itself adds to the translation. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  planConnection,
  startTestGateway,
  type TestConnection,
  type TestGateway,
  type TestGatewayOptions,
} from '../support/gateway.js';
import { plainRequest } from '../support/http-client.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';
import { startRawProvider } from '../support/raw-provider.js';
import { until } from '../support/wait.js';

const disposables: AsyncDisposable[] = [];
let zai: SimulatedProvider;
/** The plan, asked in chat only. */
let chatOnly: TestConnection;

beforeEach(async () => {
  zai = keep(await startSimulatedProvider('zai'));
  chatOnly = { ...planConnection(zai), formats: ['OPENAI_CHAT'] };
});
afterEach(async () => {
  for (const disposable of disposables.splice(0).toReversed()) await disposable[Symbol.asyncDispose]();
});

function keep<T extends AsyncDisposable>(disposable: T): T {
  disposables.push(disposable);
  return disposable;
}
const gatewayTo = async (
  connections: readonly TestConnection[],
  more: Partial<TestGatewayOptions> = {},
): Promise<TestGateway> =>
  keep(
    await startTestGateway({
      connections: connections.map((connection, priority) => ({ priority, ...connection })),
      ...more,
    }),
  );

const MESSAGES = '/v1/messages';
const post = (
  gateway: TestGateway,
  path: string,
  body: object,
  more: { headers?: Record<string, string>; signal?: AbortSignal; onChunk?: (chunk: Buffer) => void } = {},
) =>
  plainRequest(gateway.url + path, {
    ...more,
    headers: { authorization: `Bearer ${gateway.key}`, ...more.headers },
    body: { model: 'zai/glm-5.1', ...body },
  });
const message = (content: unknown, more: object = {}) => ({
  max_tokens: 100,
  messages: [{ role: 'user', content }],
  ...more,
});

/** A provider that answers with these frames of chat, the last of them when told to. */
type Answer = (response: ServerResponse) => void;
const STREAM = { 'content-type': 'text/event-stream', 'x-ratelimit-remaining-requests': '7' };
const frame = (json: object) => `data: ${JSON.stringify(json)}\n\n`;
const delta = (content: string) => frame({ choices: [{ index: 0, delta: { content } }] });
const FINISH = frame({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
const USAGE = frame({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } });
const DONE = 'data: [DONE]\n\n';
const raw = async (answer: Answer) => {
  const provider = keep(await startRawProvider(answer));
  return Object.assign(provider, {
    chat: { ...provider.connection, formats: ['OPENAI_CHAT'] } satisfies TestConnection,
  });
};

describe('a request in another dialect', () => {
  it('is answered in the caller’s, streamed and not, with the tokens the provider stated', async () => {
    const gateway = await gatewayTo([chatOnly]);
    const asked = message('[say hello there][tokens in=12 out=34 cached=5]');
    const whole = await post(gateway, MESSAGES, asked);
    expect(whole.headers['content-type']).toBe('application/json');
    expect(whole.json()).toMatchObject({
      type: 'message',
      model: 'zai/glm-5.1',
      content: [{ type: 'text', text: 'hello there' }],
      usage: { input_tokens: 12, output_tokens: 34, cache_read_input_tokens: 5 },
    });
    const streamed = await post(gateway, MESSAGES, { ...asked, stream: true });
    expect(streamed.headers['content-type']).toMatch(/^text\/event-stream/);
    expect(streamed.text).toMatch(/^event: message_start[^]*event: message_stop\ndata: .*\n\n$/);
    expect(zai.requests.map(({ path }) => path)).toEqual(
      Array(2).fill('/api/coding/paas/v4/chat/completions'),
    );
    for (const index of [0, 1]) {
      expect(await gateway.end(index)).toMatchObject({
        status: 'OK',
        request: { protocol: 'ANTHROPIC_MESSAGES' },
        attempts: [{ tokens: { input: 12, output: 34, cacheRead: 5 }, tokenSource: 'REPORTED' }],
      });
    }
  });

  it('is booked before its closing frame leaves', async () => {
    let hangUp = (): void => undefined;
    const lingering = await raw((response) => {
      response.writeHead(200, STREAM).write(delta('hi') + FINISH + USAGE + DONE);
      hangUp = () => void response.end();
    });
    const gateway = await gatewayTo([lingering.chat]);
    let lastWhenClosed: unknown = null;
    let seen = '';
    await post(gateway, MESSAGES, message('hi', { stream: true }), {
      onChunk(chunk) {
        seen += chunk.toString();
        if (!seen.includes('message_stop')) return;
        lastWhenClosed ??= gateway.records.at(-1);
        hangUp();
      },
    });
    expect(lastWhenClosed).toMatchObject({ kind: 'end', status: 'OK' });
  });

  it('closes soon although the provider states no usage and keeps the line open', async () => {
    let hangUp = (): void => undefined;
    const lingering = await raw((response) => {
      response.writeHead(200, STREAM).write(delta('hi') + FINISH + DONE);
      hangUp = () => void response.end();
    });
    const gateway = await gatewayTo([lingering.chat]);
    await post(gateway, MESSAGES, message('hi', { stream: true }), {
      onChunk: (chunk) => chunk.includes('message_stop') && hangUp(),
    });
    expect(await gateway.end()).toMatchObject({ status: 'OK', attempts: [{ tokenSource: 'ESTIMATED' }] });
  });

  it('becomes a stream for a caller that asked for one though the provider answers whole', async () => {
    const whole = await raw((response) =>
      response.end(
        '{"choices":[{"message":{"content":"all at once"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}',
      ),
    );
    const gateway = await gatewayTo([whole.chat]);
    const answer = await post(gateway, MESSAGES, message('hi', { stream: true }));
    expect(answer.headers['content-type']).toMatch(/^text\/event-stream/);
    expect(answer.text).toMatch(/message_start[^]*all at once[^]*message_stop/);
  });

  it('sends the provider none of the headers of the caller’s dialect, and the caller none of the provider’s limits', async () => {
    const gateway = await gatewayTo([chatOnly]);
    const headers = { 'anthropic-beta': 'a-1', 'anthropic-version': '2026-10-21', 'x-app': 'cli' };
    await post(gateway, MESSAGES, message('hi'), { headers });
    const sent = zai.requests.at(-1)?.headers;
    expect(sent).not.toHaveProperty('anthropic-beta');
    expect(sent).not.toHaveProperty('anthropic-version');
    expect(sent).toMatchObject({ 'x-app': 'cli' });
    const limited = await raw((response) =>
      response.writeHead(200, STREAM).end(delta('hi') + FINISH + USAGE + DONE),
    );
    gateway.reroute({ connections: [limited.chat] });
    const { headers: got } = await post(gateway, MESSAGES, message('hi', { stream: true }));
    expect(got).not.toHaveProperty('x-ratelimit-remaining-requests');
  });

  it('says what it lost and what was repaired, and nothing when there was nothing', async () => {
    const gateway = await gatewayTo([chatOnly], { maxOutputTokens: 50 });
    const changed = await post(gateway, MESSAGES, message('hi', { top_k: 3, 'x-\u00e9,y': 1 }));
    expect(changed.status).toBe(200);
    expect(changed.headers['x-switchyard-dropped']).toMatch(/(^|, )x-%C3%A9%2Cy(,|$)/);
    expect(changed.headers['x-switchyard-repaired']).toMatch(/max_tokens/);
    gateway.reroute({ connections: [chatOnly] });
    const plain = await post(gateway, MESSAGES, message('hi'));
    expect(plain.headers).not.toHaveProperty('x-switchyard-dropped');
    expect(plain.headers).not.toHaveProperty('x-switchyard-repaired');
  });

  it('is refused before any call when it is malformed, in the caller’s dialect, and recorded as rejected', async () => {
    const gateway = await gatewayTo([chatOnly]);
    const answer = await post(gateway, MESSAGES, { max_tokens: 5, messages: [{ role: 'user', content: 7 }] });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
    expect(zai.requests).toHaveLength(0);
    expect(await gateway.end()).toMatchObject({
      status: 'REJECTED',
      failure: { class: 'INVALID_REQUEST' },
      attempts: [],
    });
  });

  it('that one route cannot be asked goes to the next that can, which counts as the first attempt', async () => {
    const spare = keep(await startSimulatedProvider('zai'));
    const own: TestConnection = { ...planConnection(spare), formats: ['ANTHROPIC_MESSAGES'] };
    const gateway = await gatewayTo([chatOnly, own]);
    const answer = await post(gateway, MESSAGES, {
      ...message('hi'),
      tools: [{ type: 'web_search_20250305', name: 'web_search' }],
      tool_choice: { type: 'tool', name: 'web_search' },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers['x-switchyard-attempts']).toBe('1');
    expect(zai.requests).toHaveLength(0);
    expect(spare.requests).toHaveLength(1);
  });

  it('falls back from the caller’s dialect to another and back', async () => {
    const spare = keep(await startSimulatedProvider('zai'));
    const own: TestConnection = { ...planConnection(spare), formats: ['ANTHROPIC_MESSAGES'] };
    const busy = { kind: 'status', status: 503, body: { error: { message: 'busy' } } } as const;
    const gateway = await gatewayTo([chatOnly, own]);
    zai.setFault(busy);
    const own2 = await post(gateway, MESSAGES, message('[say hi]', { stream: true }));
    expect(own2.headers['x-switchyard-attempts']).toBe('2');
    zai.setFault(null);
    spare.setFault(busy);
    gateway.reroute({
      connections: [
        { ...own, priority: 0 },
        { ...chatOnly, priority: 1 },
      ],
    });
    const translated = await post(gateway, MESSAGES, message('[say hi]', { stream: true }));
    expect(translated.headers['x-switchyard-attempts']).toBe('2');
    for (const { text } of [own2, translated]) expect(text).toMatch(/event: message_stop/);
  });

  it('reaches the provider though it is larger than what is kept of a request while it is answered', async () => {
    const gateway = await gatewayTo([chatOnly]);
    const text = 'word '.repeat(60_000);
    const translated = await post(gateway, MESSAGES, message(`${text}[say hi]`, { stream: true }));
    expect(translated.text).toMatch(/message_stop/);
    expect(zai.requests.at(-1)?.bodyText).toContain(text);
    const passed = await post(gateway, '/v1/chat/completions', message(`${text}[say hi]`));
    expect(passed.status).toBe(200);
    expect(zai.requests.at(-1)?.headers).toMatchObject({
      'content-length': String(Buffer.byteLength(zai.requests.at(-1)?.bodyText ?? '')),
    });
  });
});

describe('a translated stream', () => {
  it('breaks off with the caller’s error event, and never looks complete', async () => {
    zai.setFault({ kind: 'cut', afterFrames: 6 });
    const gateway = await gatewayTo([chatOnly]);
    const answer = await post(gateway, MESSAGES, message('[frames 20]', { stream: true }));
    expect(answer.text).toMatch(/event: error\ndata: .*\n\n$/);
    expect(answer.text).not.toContain('message_stop');
    expect(await gateway.end()).toMatchObject({ status: 'FAILED', attempts: [{ tokenSource: 'ESTIMATED' }] });
  });

  it('ends at an error in its middle with what came before it', async () => {
    let boom = (): void => undefined;
    const failing = await raw((response) => {
      response.writeHead(200, STREAM).write(delta('one'));
      boom = () => void response.write(delta('two') + frame({ error: { message: 'boom' } }));
    });
    const gateway = await gatewayTo([failing.chat]);
    const answer = await post(gateway, MESSAGES, message('hi', { stream: true }), {
      onChunk: (chunk) => chunk.includes('one') && boom(),
    });
    expect(answer.text).toMatch(/one[^]*two[^]*event: error\n[^]*boom/);
    expect(await gateway.end()).toMatchObject({ status: 'FAILED', failure: { message: 'boom' } });
    await until('the call is closed', () => failing.closed === 1);
  });

  it('falls back when its first frame is an error', async () => {
    const failing = await raw((response) =>
      response.writeHead(200, STREAM).end(frame({ error: { code: '1305', message: 'overloaded' } })),
    );
    const gateway = await gatewayTo([failing.chat, { ...chatOnly }]);
    const answer = await post(gateway, MESSAGES, message('[say hi]', { stream: true }));
    expect(answer.headers['x-switchyard-attempts']).toBe('2');
    expect(answer.text).toContain('message_stop');
  });

  it('is cancelled at the provider when the caller leaves, and counts what was used', async () => {
    const gateway = await gatewayTo([chatOnly]);
    const leave = new AbortController();
    await post(gateway, MESSAGES, message('[frames 500 every 5ms]', { stream: true }), {
      signal: leave.signal,
      onChunk: (chunk) => chunk.includes('word-') && leave.abort(),
    }).catch(() => null);
    expect(await gateway.end()).toMatchObject({ status: 'CANCELLED', failure: { class: 'CANCELLED' } });
    const [call] = zai.requests;
    await call?.settled;
    expect(call?.outcome).toBe('client-left');
  });

  it('makes the provider wait for a caller that reads slowly', async () => {
    const CHUNK = delta('word ').repeat(2_000);
    const CHUNKS = 300;
    let sent = 0;
    const huge = await raw((response) => {
      response.writeHead(200, STREAM);
      const more = (): void => {
        while (sent < CHUNKS) {
          sent++;
          if (!response.write(CHUNK)) return void response.once('drain', more);
        }
        response.end(FINISH + USAGE + DONE);
      };
      more();
    });
    const gateway = await gatewayTo([huge.chat]);
    const request = httpRequest(gateway.url + MESSAGES, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.key}` },
    });
    request.end(JSON.stringify({ model: 'zai/glm-5.1', ...message('hi', { stream: true }) }));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let seen = -1;
    let still = 0;
    await until('the provider is held up', () => {
      still = sent === seen ? still + 1 : 0;
      seen = sent;
      return still > 20;
    });
    expect(sent).toBeLessThan(CHUNKS / 2);
    let words = 0;
    let end = '';
    for await (const chunk of response) {
      const text = end.slice(-200) + (chunk as Buffer).toString('latin1');
      words += text.split('"text":"word "').length - 1 - (end.slice(-200).split('"text":"word "').length - 1);
      end = text;
    }
    expect(words).toBe(CHUNKS * 2_000);
    expect(end).toContain('message_stop');
    expect((await gateway.end()).status).toBe('OK');
  });
});
