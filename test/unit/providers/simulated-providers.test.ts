import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { TokenCounts } from '../../../src/domain/tokens.js';
import {
  type Fault,
  type SimulatedProvider,
  startSimulatedProvider,
} from '../../support/providers/simulated-provider.js';

const ORDER = '[tokens in=12 out=34 cached=5 reasoning=7] hello';

type Fields = Record<string, unknown>;

interface AskOptions {
  readonly stream?: boolean;
  readonly includeUsage?: boolean;
  readonly model?: string;
  readonly say?: string;
  readonly signal?: AbortSignal;
}

function ask(provider: SimulatedProvider, path: string, options: AskOptions = {}): Promise<Response> {
  const { stream = true, includeUsage = false, model = 'glm-5.1', say = ORDER } = options;
  return fetch(provider.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${provider.keys.good}`,
      'content-type': 'application/json',
      'x-opencode-session': 'one',
    },
    body: JSON.stringify({
      model,
      stream,
      ...(includeUsage && { stream_options: { include_usage: true } }),
      messages: [{ role: 'user', content: say }],
      input: [{ role: 'user', content: say }],
    }),
    ...(options.signal && { signal: options.signal }),
  });
}

/** Frames as a client reads them; the end mark is left out. */
function framesOf(text: string): Fields[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)) as Fields);
}

const recording = (name: string): Fields[] =>
  readFileSync(new URL(`../../fixtures/streams/${name}.chunks.txt`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Fields);

const fresh = (tokens: Partial<TokenCounts>): TokenCounts => ({
  input: 12,
  cacheRead: 5,
  cacheWrite: 0,
  output: 34,
  reasoning: null,
  ...tokens,
});

describe('a stream of chat completions states usage as its provider does', () => {
  test.each<{
    slug: string;
    path: string;
    model: string;
    asked: boolean;
    usage: unknown;
    stated: unknown;
  }>([
    {
      slug: 'zai',
      path: '/api/coding/paas/v4/chat/completions',
      model: 'glm-5.1',
      asked: false,
      usage: { at: 'finish', prompt_tokens: 17, completion_tokens: 34 },
      stated: fresh({ reasoning: 7 }),
    },
    {
      slug: 'kimi',
      path: '/coding/v1/chat/completions',
      model: 'kimi-for-coding',
      asked: false,
      usage: { at: 'finish-choice', prompt_tokens: 17, completion_tokens: 34, cached_tokens: 5 },
      stated: fresh({}),
    },
    {
      slug: 'kimi',
      path: '/coding/v1/chat/completions',
      model: 'k3',
      asked: false,
      usage: { at: 'finish', prompt_tokens: 17, completion_tokens: 34 },
      stated: fresh({ reasoning: 7 }),
    },
    {
      slug: 'opencode-go',
      path: '/zen/go/v1/chat/completions',
      model: 'glm-5.2',
      asked: false,
      usage: { at: 'own-chunk', prompt_tokens: 17, completion_tokens: 34 },
      stated: fresh({}),
    },
    {
      slug: 'ollama-cloud',
      path: '/v1/chat/completions',
      model: 'glm-5.1',
      asked: true,
      usage: { at: 'own-chunk', prompt_tokens: 17, completion_tokens: 34 },
      stated: fresh({ input: 17, cacheRead: 0 }),
    },
    {
      slug: 'ollama-cloud',
      path: '/v1/chat/completions',
      model: 'glm-5.1',
      asked: false,
      usage: null,
      stated: null,
    },
    {
      slug: 'nano-gpt',
      path: '/api/v1/chat/completions',
      model: 'zai-org/glm-5.1',
      asked: true,
      usage: { at: 'finish', prompt_tokens: 17, completion_tokens: 34 },
      stated: fresh({ reasoning: 7 }),
    },
    {
      slug: 'nano-gpt',
      path: '/api/v1/chat/completions',
      model: 'zai-org/glm-5.1',
      asked: false,
      usage: null,
      stated: null,
    },
  ])('$slug $model, asked for it: $asked', async ({ slug, path, model, asked, usage, stated }) => {
    await using provider = await startSimulatedProvider(slug);
    const text = await (await ask(provider, path, { model, includeUsage: asked })).text();
    const frames = framesOf(text);
    if (usage === null) expect(text).not.toContain('prompt_tokens');
    else
      expect(frames.map(usageIn).filter((found) => found !== null)).toEqual([expect.objectContaining(usage)]);
    expect(provider.usageStatedFor(String(frames[0]?.['id']))).toEqual(stated);
    expect(text).toContain('data: [DONE]\n\n');
  });

  test('OpenCode says the cost in a frame behind the end mark', async () => {
    await using provider = await startSimulatedProvider('opencode-go');
    const text = await (await ask(provider, '/zen/go/v1/chat/completions')).text();
    expect(text.split('data: [DONE]\n\n')[1]).toBe('data: {"choices":[],"cost":"0.000051"}\n\n');
  });

  test('NanoGPT states its price only beside usage', async () => {
    await using provider = await startSimulatedProvider('nano-gpt');
    const options = { model: 'zai-org/glm-5.1' };
    const path = '/api/v1/chat/completions';
    expect(await (await ask(provider, path, options)).text()).not.toContain('x_nanogpt_pricing');
    const asked = await (await ask(provider, path, { ...options, includeUsage: true })).text();
    expect(asked).toContain('x_nanogpt_pricing');
  });
});

describe('what is sent has the shape of what real providers sent', () => {
  test('the last chunk of a DeepSeek tool call', async () => {
    await using provider = await startSimulatedProvider('opencode-go');
    const say = '[tokens in=19 out=83 cached=320 reasoning=39] [tool weather {"location":"San Francisco"}]';
    const text = await (
      await ask(provider, '/zen/go/v1/chat/completions', { model: 'deepseek-v4-pro', say })
    ).text();
    const sent = framesOf(text).find((frame) => frame['usage']);
    const recorded = recording('deepseek-tool-call').at(-1);
    expect(sent?.['usage']).toEqual(recorded?.['usage']);
    expect(framesOf(text)[0]).toHaveProperty('usage', null);
  });

  test('the last chunk of a Kimi K3 answer', async () => {
    await using provider = await startSimulatedProvider('kimi');
    const say = '[tokens in=9 out=12 reasoning=7] hi';
    const text = await (await ask(provider, '/coding/v1/chat/completions', { model: 'k3', say })).text();
    const recorded = recording('moonshotai-stream').at(-1);
    expect(framesOf(text).at(-1)?.['usage']).toMatchObject(recorded?.['usage'] as Fields);
  });

  test.each([
    ['anthropic-text', '[tokens in=12 out=30] [say Hello there]'],
    ['anthropic-tool-no-args', '[tokens in=565 out=48] [tool updateIssueList {}]'],
  ])('the events of %s', async (name, say) => {
    await using provider = await startSimulatedProvider('zai');
    const text = await (await ask(provider, '/api/anthropic/v1/messages', { say })).text();
    const sent = framesOf(text);
    const recorded = recording(name);
    const kinds = (frames: Fields[]): Set<unknown> => new Set(frames.map(({ type }) => type));
    expect(kinds(sent)).toEqual(kinds(recorded));
    const usageOfDelta = (frames: Fields[]): unknown =>
      frames.find(({ type }) => type === 'message_delta')?.['usage'];
    expect(usageOfDelta(sent)).toEqual(usageOfDelta(recorded));
    for (const line of text.split('\n').filter((part) => part.startsWith('event: '))) {
      expect(kinds(recorded)).toContain(line.slice('event: '.length));
    }
  });
});

test('a tool call is streamed in parts that add up', async () => {
  await using provider = await startSimulatedProvider('zai');
  const say = '[tool lookup {"city":"Zürich","days":[1,2]}]';
  const text = await (await ask(provider, '/api/coding/paas/v4/chat/completions', { say })).text();
  const parts = framesOf(text).flatMap(toolArguments);
  expect(JSON.parse(parts.join(''))).toEqual({ city: 'Zürich', days: [1, 2] });
});

describe('a fault', () => {
  const path = '/api/coding/paas/v4/chat/completions';
  const withFault = async (fault: Fault): Promise<SimulatedProvider> => {
    const provider = await startSimulatedProvider('zai');
    provider.setFault(fault);
    return provider;
  };

  test('cut ends the connection inside a frame', async () => {
    await using provider = await withFault({ kind: 'cut', afterFrames: 3 });
    const response = await ask(provider, path);
    const { text, failed } = await drain(response);
    expect(failed).toBe(true);
    expect(framesOf(text.slice(0, text.lastIndexOf('\n\n') + 2))).toHaveLength(3);
    expect(text.endsWith('\n\n')).toBe(false);
    expect(provider.requests[0]?.outcome).toBe('broken');
  });

  test('reset leaves no answer at all', async () => {
    await using provider = await withFault({ kind: 'reset' });
    await expect(ask(provider, path)).rejects.toThrow();
    const request = await provider.waitForRequest(() => true);
    await request.settled;
    expect(request).toMatchObject({ status: null, outcome: 'broken' });
  });

  test('stall says some and then nothing, until the client leaves', async () => {
    await using provider = await withFault({ kind: 'stall', afterFrames: 2 });
    const client = new AbortController();
    const response = await ask(provider, path, { signal: client.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    client.abort();
    await provider.requests[0]?.settled;
    expect(provider.requests[0]?.outcome).toBe('client-left');
  });

  test('status with 200 is an error in the clothes of an answer', async () => {
    const body = { code: 1000, msg: 'Authentication Failed', success: false };
    await using provider = await withFault({ kind: 'status', status: 200, body });
    const response = await ask(provider, path);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(body);
  });

  test('error-frame comes after good frames', async () => {
    await using provider = await withFault({
      kind: 'error-frame',
      afterFrames: 1,
      body: { error: { message: 'no' } },
    });
    const frames = framesOf(await (await ask(provider, path)).text());
    expect(frames).toHaveLength(2);
    expect(frames[1]).toEqual({ error: { message: 'no' } });
  });

  test('unterminated leaves the last blank line out', async () => {
    await using provider = await withFault({ kind: 'unterminated' });
    expect((await (await ask(provider, path)).text()).endsWith('data: [DONE]')).toBe(true);
  });

  test('drip cuts through frames and characters, and loses none', async () => {
    await using provider = await startSimulatedProvider('zai');
    const whole = await (await ask(provider, path, { say: 'Grüße 😀' })).text();
    provider.setFault({ kind: 'drip', bytes: 3, everyMs: 0 });
    const dripped = await (await ask(provider, path, { say: 'Grüße 😀' })).text();
    expect(dripped.replaceAll('zai-2', 'zai-1')).toBe(whole);
  });

  test('huge makes an answer of that size', async () => {
    await using provider = await withFault({ kind: 'huge', bytes: 3_000_001 });
    const body = (await (await ask(provider, path, { stream: false })).json()) as Fields;
    expect(JSON.stringify(body).match(/x+/g)?.at(-1)).toHaveLength(3_000_001);
  });

  test('happens as often as ordered and only where ordered', async () => {
    await using provider = await withFault({ kind: 'refuse', failure: 'rate-limit', times: 2 });
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) {
      const response = await ask(provider, path);
      statuses.push(response.status);
      await response.text();
    }
    expect(statuses).toEqual([429, 429, 200]);
    provider.setFault({ kind: 'status', status: 500, on: 'models' });
    expect((await ask(provider, path)).status).toBe(200);
    const headers = { authorization: `Bearer ${provider.keys.good}` };
    const list = await fetch(`${provider.url}/api/coding/paas/v4/models`, { headers });
    expect(list.status).toBe(500);
  });
});

test('a refusal on the Messages path has the form of that path', async () => {
  await using provider = await startSimulatedProvider('zai');
  const response = await ask(provider, '/api/anthropic/v1/messages', { say: '[fail weekly-wall]' });
  expect(response.status).toBe(429);
  expect(await response.json()).toMatchObject({
    type: 'error',
    error: { type: 'rate_limit_error', code: '1310' },
  });
});

test('closing ends the answers that are still open', async () => {
  const provider = await startSimulatedProvider('zai');
  provider.setFault({ kind: 'stall', afterFrames: 1 });
  const response = await ask(provider, '/api/coding/paas/v4/chat/completions');
  await provider.close();
  expect((await drain(response)).failed).toBe(true);
});

function usageIn(frame: Fields): Fields | null {
  const choices = frame['choices'] as Fields[] | undefined;
  const own = frame['usage'] as Fields | null | undefined;
  if (own) return { at: choices?.length === 0 ? 'own-chunk' : 'finish', ...own };
  const inChoice = choices?.[0]?.['usage'] as Fields | undefined;
  return inChoice ? { at: 'finish-choice', ...inChoice } : null;
}

function toolArguments(frame: Fields): string[] {
  const [choice] = frame['choices'] as { delta?: { tool_calls?: { function: { arguments: string } }[] } }[];
  return (choice?.delta?.tool_calls ?? []).map((call) => call.function.arguments);
}

async function drain(response: Response): Promise<{ text: string; failed: boolean }> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of response.body ?? [])
      text += decoder.decode(chunk as Uint8Array, { stream: true });
    return { text, failed: false };
  } catch {
    return { text, failed: true };
  }
}
