/** Answers that say nothing, pauses without a word, and what the caller sees of both. */
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { STREAM_HEAD_MAX_BYTES } from '../../src/config/limits.js';
import type { WireProtocol } from '../../src/domain/vocabulary.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { plainRequest } from '../support/http-client.js';
import { startRawProvider, type RawProvider } from '../support/raw-provider.js';
import { until } from '../support/wait.js';

const disposables: AsyncDisposable[] = [];
afterEach(async () => {
  for (const disposable of disposables.splice(0).toReversed()) await disposable[Symbol.asyncDispose]();
});

type Answer = (response: ServerResponse) => void;

async function provider(answer: Answer): Promise<RawProvider> {
  const started = await startRawProvider(answer);
  disposables.push(started);
  return started;
}
async function gatewayTo(
  providers: readonly RawProvider[],
  format: WireProtocol,
  pingMs?: number,
): Promise<TestGateway> {
  const gateway = await startTestGateway({
    connections: providers.map(({ connection }, priority) => ({
      ...connection,
      priority,
      formats: [format],
    })),
    ...(pingMs !== undefined && { pingMs }),
  });
  disposables.push(gateway);
  return gateway;
}
const ask = (gateway: TestGateway, path: string, onChunk?: (chunk: Buffer) => void, stream = true) =>
  plainRequest(gateway.url + path, {
    headers: { authorization: `Bearer ${gateway.key}` },
    body: { model: 'zai/glm-5.1', stream, max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] },
    ...(onChunk && { onChunk }),
  });

const STREAM = { 'content-type': 'text/event-stream' };
const frame = (json: object) => `data: ${JSON.stringify(json)}\n\n`;
const event = (type: string, more: object = {}) => `event: ${type}\n${frame({ type, ...more })}`;
const delta = (content: object) => frame({ choices: [{ index: 0, delta: content }] });
const ROLE = delta({ role: 'assistant', content: '' });
const finish = (reason: string) => frame({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });
const USAGE = frame({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 } });
const DONE = 'data: [DONE]\n\n';
const START = event('message_start', {
  message: { id: 'm', content: [], usage: { input_tokens: 3, output_tokens: 1 } },
});
const stop = (stop_reason: string) =>
  event('message_delta', { delta: { stop_reason }, usage: { output_tokens: 1 } }) + event('message_stop');
const GOOD = {
  OPENAI_CHAT: ROLE + delta({ content: 'good' }) + finish('stop') + USAGE + DONE,
  ANTHROPIC_MESSAGES:
    START +
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
    event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'good' } }) +
    event('content_block_stop', { index: 0 }) +
    stop('end_turn'),
};
const EMPTY = {
  OPENAI_CHAT: (reason: string) => ROLE + finish(reason) + USAGE + DONE,
  ANTHROPIC_MESSAGES: (reason: string) => START + stop(reason),
};

const WAYS = [
  ['/v1/chat/completions', 'OPENAI_CHAT', 'stop', 'length'],
  ['/v1/messages', 'OPENAI_CHAT', 'stop', 'content_filter'],
  ['/v1/messages', 'ANTHROPIC_MESSAGES', 'end_turn', 'max_tokens'],
  ['/v1/chat/completions', 'ANTHROPIC_MESSAGES', 'end_turn', 'refusal'],
] as const;

for (const [path, format, silent, explained] of WAYS) {
  describe(`${path} from ${format}`, () => {
    it('asks the next provider when a stream ends without a word, and books what that cost', async () => {
      const empty = await provider((response) => response.writeHead(200, STREAM).end(EMPTY[format](silent)));
      const good = await provider((response) => response.writeHead(200, STREAM).end(GOOD[format]));
      const gateway = await gatewayTo([empty, good], format);
      const answer = await ask(gateway, path);
      expect(answer.status).toBe(200);
      expect(answer.text).toContain('good');
      const end = await gateway.end();
      expect(end.attempts.map(({ failure }) => failure?.class ?? null)).toEqual(['INCOMPLETE_ANSWER', null]);
      expect(end.attempts[0]?.tokens).toMatchObject({ input: 3, output: 1 });
    });

    it('says so when no provider says anything', async () => {
      const empty = await provider((response) => response.writeHead(200, STREAM).end(EMPTY[format](silent)));
      const gateway = await gatewayTo([empty], format);
      const answer = await ask(gateway, path);
      expect(answer.status).toBe(502);
      expect(answer.text).toMatch(/without having said anything/);
    });

    it('passes an end without a word on that explains itself', async () => {
      const cut = await provider((response) => response.writeHead(200, STREAM).end(EMPTY[format](explained)));
      const gateway = await gatewayTo([cut], format);
      expect((await ask(gateway, path)).status).toBe(200);
      expect((await gateway.end()).status).toBe('OK');
    });

    it('asks the next provider when a stream breaks before its first word', async () => {
      const opening = format === 'OPENAI_CHAT' ? ROLE : START;
      const breaking = await provider((response) => {
        response.writeHead(200, STREAM).write(opening, () => response.destroy());
      });
      const good = await provider((response) => response.writeHead(200, STREAM).end(GOOD[format]));
      const gateway = await gatewayTo([breaking, good], format);
      expect((await ask(gateway, path)).text).toContain('good');
      expect((await gateway.end()).attempts).toHaveLength(2);
    });

    it('asks the next provider for a whole answer that says nothing', async () => {
      const hollow = format === 'OPENAI_CHAT' ? '{"choices":[]}' : '{"type":"message","content":[]}';
      const whole =
        format === 'OPENAI_CHAT'
          ? '{"choices":[{"message":{"role":"assistant","content":"good"},"finish_reason":"stop"}]}'
          : '{"type":"message","role":"assistant","content":[{"type":"text","text":"good"}],"stop_reason":"end_turn"}';
      const empty = await provider((response) => response.end(hollow));
      const good = await provider((response) => response.end(whole));
      const gateway = await gatewayTo([empty, good], format);
      expect((await ask(gateway, path, undefined, false)).text).toContain('good');
      expect((await gateway.end()).attempts[0]?.failure?.class).toBe('INCOMPLETE_ANSWER');
    });

    it('gives a sign of life in a silence, and none in the middle of a frame', async () => {
      const half = GOOD[format].length - 20;
      let go = (): void => undefined;
      const pausing = await provider((response) => {
        const opening = GOOD[format].slice(0, GOOD[format].indexOf('good') + 40);
        const boundary = GOOD[format].indexOf('\n\n', opening.length - 40) + 2;
        response.writeHead(200, STREAM).write(GOOD[format].slice(0, boundary));
        go = () => {
          response.write(GOOD[format].slice(boundary, half));
          go = () => void response.end(GOOD[format].slice(half));
        };
      });
      const gateway = await gatewayTo([pausing], format, 20);
      let text = '';
      const answer = ask(gateway, path, (chunk) => (text += chunk.toString()));
      await until('pings arrive', () => (text.match(/ping/g)?.length ?? 0) >= 2);
      go();
      await until('the rest of the answer waits', () => text.length > 0);
      go();
      const { text: all, broken } = await answer;
      expect(broken).toBe(false);
      const bare = all.replaceAll(': ping\n\n', '').replaceAll('event: ping\ndata: {"type":"ping"}\n\n', '');
      expect(bare).not.toContain('ping');
      const sameDialect = (path === '/v1/messages') === (format === 'ANTHROPIC_MESSAGES');
      if (sameDialect) expect(bare).toBe(GOOD[format].replace(format === 'OPENAI_CHAT' ? USAGE : '\0', ''));
      else expect(bare).toContain('good');
    });
  });
}

describe('the head of a stream', () => {
  it('is not held longer than a caller can be left without a sign', async () => {
    let end = (): void => undefined;
    const thinking = await provider((response) => {
      response.writeHead(200, STREAM).write(ROLE);
      end = () => void response.end(delta({ content: 'late' }) + finish('stop') + USAGE + DONE);
    });
    const gateway = await gatewayTo([thinking], 'OPENAI_CHAT', 20);
    let text = '';
    const answer = ask(gateway, '/v1/chat/completions', (chunk) => (text += chunk.toString()));
    await until('the opening arrives with a ping behind it', () => text.startsWith(`${ROLE}: ping\n\n`));
    end();
    expect((await answer).text).toContain('late');
  });

  it('waits for a provider that has sent nothing yet: another can still be asked', async () => {
    let refuse = (): void => undefined;
    const slow = await provider((response) => {
      response.writeHead(200, STREAM).flushHeaders();
      refuse = () => void response.end(frame({ error: { message: 'overloaded' } }));
    });
    const good = await provider((response) => response.writeHead(200, STREAM).end(GOOD.OPENAI_CHAT));
    const gateway = await gatewayTo([slow, good], 'OPENAI_CHAT', 5);
    const answer = ask(gateway, '/v1/chat/completions');
    await until('the provider has the call', () => slow.calls === 1);
    // Elsewhere time passes as well, and can be seen to.
    let hangUp = (): void => undefined;
    const pinged = await provider((response) => {
      response.writeHead(200, STREAM).write(ROLE);
      hangUp = () => void response.end();
    });
    let text = '';
    const elsewhere = ask(
      await gatewayTo([pinged], 'OPENAI_CHAT', 5),
      '/v1/chat/completions',
      (chunk) => (text += chunk.toString()),
    );
    await until('three silences are over', () => (text.match(/ping/g)?.length ?? 0) >= 3);
    refuse();
    hangUp();
    await elsewhere;
    expect((await answer).headers['x-switchyard-attempts']).toBe('2');
  });

  it('goes once more came than a mere opening can be', async () => {
    let end = (): void => undefined;
    const wordy = await provider((response) => {
      response.writeHead(200, STREAM).write(`: ${'x'.repeat(STREAM_HEAD_MAX_BYTES)}\n\n`);
      end = () => void response.end(GOOD.OPENAI_CHAT);
    });
    const gateway = await gatewayTo([wordy], 'OPENAI_CHAT');
    let seen = 0;
    const answer = ask(gateway, '/v1/chat/completions', (chunk) => (seen += chunk.length));
    await until('it arrives', () => seen > STREAM_HEAD_MAX_BYTES / 2);
    end();
    expect((await answer).status).toBe(200);
  });
});
