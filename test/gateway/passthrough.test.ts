/** What goes to the provider and what comes back: the caller's bytes, but for the model name. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planConnection, startTestGateway, type TestGateway } from '../support/gateway.js';
import { plainRequest } from '../support/http-client.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';

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

const chat = (body: unknown, headers: Record<string, string> = {}) =>
  plainRequest(`${gateway.url}/v1/chat/completions`, {
    headers: { authorization: `Bearer ${gateway.key}`, ...headers },
    body,
  });
const messages = (body: unknown, headers: Record<string, string> = {}) =>
  plainRequest(`${gateway.url}/v1/messages?beta=true`, {
    headers: { 'x-api-key': gateway.key, ...headers },
    body,
  });
const direct = (path: string, body: unknown) =>
  plainRequest(`${zai.url}${path}`, { headers: { authorization: `Bearer ${zai.keys.good}` }, body });

describe('the request', () => {
  it('reaches the provider byte for byte but for the model name, odd spacing and unknown fields included', async () => {
    const body =
      '{ "x_unknown" : [1e3, "\\u00e9\\"model\\""],\n "model":"zai/glm-5.1" , "messages":[{"role":"user","content":"é\\n[say hi]"}],"temperature":0.70 }';
    await chat(body);
    expect(zai.requests.at(-1)).toMatchObject({
      method: 'POST',
      path: '/api/coding/paas/v4/chat/completions',
    });
    expect(zai.requests.at(-1)?.bodyText).toBe(body.replace('zai/glm-5.1', 'glm-5.1'));
  });

  it('carries the connection’s credential and the caller’s beta headers, never the access key', async () => {
    await messages(
      { model: 'zai/glm-5.1', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] },
      {
        'anthropic-beta': 'a-1,b-2',
        'anthropic-version': '2026-10-21',
        cookie: 'c=1',
        'x-forwarded-for': '10.1.1.1',
      },
    );
    const sent = zai.requests.at(-1);
    expect(sent).toMatchObject({
      path: '/api/anthropic/v1/messages',
      headers: { 'anthropic-beta': 'a-1,b-2', 'anthropic-version': '2026-10-21' },
    });
    expect(JSON.stringify(sent?.headers)).not.toContain(gateway.key);
    expect(sent?.headers).not.toHaveProperty('cookie');
    expect(sent?.headers).not.toHaveProperty('x-forwarded-for');
    expect(JSON.stringify(sent?.headers)).toContain(zai.keys.good);
  });

  it('asks for usage in a stream without disturbing the options the caller gave', async () => {
    await chat('{"model":"zai/glm-5.1","stream":true,"messages":[],"stream_options":{"x":1}}');
    await chat(
      '{"model":"zai/glm-5.1","stream":true,"messages":[],"stream_options":{"include_usage":false}}',
    );
    await chat('{"model":"zai/glm-5.1","stream":true,"messages":[]}');
    expect(zai.requests.map(({ bodyText }) => bodyText)).toEqual([
      '{"model":"glm-5.1","stream":true,"messages":[],"stream_options":{"x":1,"include_usage":true}}',
      '{"model":"glm-5.1","stream":true,"messages":[],"stream_options":{"include_usage":true}}',
      '{"model":"glm-5.1","stream":true,"messages":[],"stream_options":{"include_usage":true}}',
    ]);
  });
});

describe('the answer', () => {
  it('is the provider’s, byte for byte, streamed in both formats when the caller asked for usage', async () => {
    const chatBody = {
      model: 'zai/glm-5.1',
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: '[frames 5][tokens in=9 out=5 cached=2]' }],
    };
    const messagesBody = { model: 'zai/glm-5.1', stream: true, max_tokens: 9, messages: chatBody.messages };
    const pairs = [
      [
        await chat(chatBody),
        await direct('/api/coding/paas/v4/chat/completions', { ...chatBody, model: 'glm-5.1' }),
      ],
      [
        await messages(messagesBody),
        await direct('/api/anthropic/v1/messages', { ...messagesBody, model: 'glm-5.1' }),
      ],
    ] as const;
    const normal = (text: string): string =>
      text.replace(/"(id|created|request_id)":("[^"]*"|\d+)/g, '"$1":0');
    for (const [ours, theirs] of pairs) {
      expect(ours.status).toBe(200);
      expect(normal(ours.text)).toBe(normal(theirs.text));
      expect(ours.headers['content-type']).toBe(theirs.headers['content-type']);
    }
  });

  it('says which model, provider, offering and connection served it', async () => {
    const { headers } = await chat({
      model: 'zai/glm-5.1',
      messages: [{ role: 'user', content: '[say hi]' }],
    });
    expect(headers).toMatchObject({
      'x-switchyard-model': 'zai/glm-5.1',
      'x-switchyard-provider': 'zai',
      'x-switchyard-offering': 'zai/coding-plan',
      'x-switchyard-reason': 'model_named',
      'x-switchyard-attempts': '1',
    });
    expect(headers['x-switchyard-connection']).toMatch(/^conn_/);
    expect(headers['x-request-id']).toMatch(/^req_[0-9A-Z]{26}$/);
  });

  it('delivers each frame of a stream before the provider sends the next', async () => {
    const seen: number[] = [];
    let frames = 0;
    const answer = await plainRequest(`${gateway.url}/v1/chat/completions`, {
      headers: { authorization: `Bearer ${gateway.key}` },
      body: {
        model: 'zai/glm-5.1',
        stream: true,
        messages: [{ role: 'user', content: '[frames 8 every 25ms]' }],
      },
      onChunk: (chunk) => {
        frames += chunk.toString().split('\n\n').length - 1;
        seen.push(frames);
      },
    });
    expect(answer.text.match(/word-\d/g)).toHaveLength(8);
    // Eight paced frames that arrive in fewer chunks were held back somewhere.
    expect(seen.length).toBeGreaterThanOrEqual(8);
  });
});
