/** What a dialect cannot say: named where it may be left out, refused before any call where it may not. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { OUTS, startWorld, type Out, type World } from '../support/dialects/world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterEach(() => {
  for (const out of OUTS) world.provider(out).clearRequests();
});
afterAll(() => world[Symbol.asyncDispose]());

const outOf = (dialect: Out['dialect']): Out => {
  const found = OUTS.find((out) => out.dialect === dialect);
  if (!found) throw new Error(`no provider of ${dialect}`);
  return found;
};

const PATHS = { chat: '/v1/chat/completions', messages: '/v1/messages', responses: '/v1/responses' } as const;
type In = keyof typeof PATHS;

async function post(caller: In, out: Out, fields: object) {
  const turns = { role: 'user', content: '[say done]' };
  const response = await fetch(`${world.gateway.url}${PATHS[caller]}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.gateway.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: out.model,
      ...(caller === 'responses' ? { input: [turns] } : { messages: [turns] }),
      ...(caller === 'messages' && { max_tokens: 100 }),
      ...fields,
    }),
  });
  return {
    status: response.status,
    dropped: (response.headers.get('x-switchyard-dropped') ?? '').split(/,\s*/).filter(Boolean),
    body: (await response.json()) as { error?: { message?: string } },
  };
}

const functionTool = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } };

describe('what may be left out', () => {
  it.each<[In, Out['dialect'], object, string]>([
    ['chat', 'messages', { seed: 7 }, 'seed'],
    ['chat', 'messages', { logit_bias: { '5': 1 } }, 'logit_bias'],
    ['chat', 'messages', { presence_penalty: 1 }, 'presence_penalty'],
    ['chat', 'responses', { stop: ['END'] }, 'stop'],
    ['chat', 'gemini', { made_up_field: true }, 'made_up_field'],
    ['messages', 'chat', { top_k: 5 }, 'top_k'],
    ['messages', 'responses', { top_k: 5 }, 'top_k'],
    ['messages', 'responses', { stop_sequences: ['END'] }, 'stop'],
    ['messages', 'gemini', { made_up_field: true }, 'made_up_field'],
    ['responses', 'chat', { truncation: 'auto' }, 'truncation'],
    ['responses', 'messages', { made_up_field: true }, 'made_up_field'],
    ['responses', 'gemini', { tools: [{ type: 'web_search' }] }, 'hosted_tools.web_search'],
    [
      'messages',
      'chat',
      { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
      'hosted_tools.web_search_20250305',
    ],
  ])('%s to %s: %j is named', async (caller, dialect, fields, name) => {
    const { status, dropped } = await post(caller, outOf(dialect), fields);
    expect(status).toBe(200);
    expect(dropped).toContain(name);
    const sent = world.provider(outOf(dialect)).requests[0]?.bodyText;
    expect(sent).not.toContain('made_up_field');
  });

  it.each<[In, Out['dialect']]>(
    (Object.keys(PATHS) as In[]).flatMap((caller) =>
      OUTS.map(({ dialect }) => [caller, dialect] as [In, Out['dialect']]),
    ),
  )('%s to %s: nothing is named when nothing was left out', async (caller, dialect) => {
    const { status, dropped } = await post(caller, outOf(dialect), {});
    expect(status).toBe(200);
    expect(dropped).toEqual([]);
  });
});

describe('what must not be lost', () => {
  it.each<[In, Out['dialect'], object, RegExp]>([
    [
      'chat',
      'messages',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } }],
          },
        ],
      },
      /audio/i,
    ],
    ['messages', 'chat', { tools: [{ name: 'f', input_schema: 5 }] }, /input_schema/],
    ['chat', 'messages', { tools: 'none' }, /tools/],
    ['chat', 'gemini', { messages: [{ role: 'wizard', content: 'x' }] }, /role/],
    [
      'messages',
      'chat',
      {
        tools: [{ type: 'web_search_20250305', name: 'web_search' }],
        tool_choice: { type: 'tool', name: 'web_search' },
      },
      /tool_choice/,
    ],
    [
      'responses',
      'messages',
      { tools: [{ type: 'web_search' }], tool_choice: { type: 'web_search' } },
      /web_search/,
    ],
    ['chat', 'responses', { tools: [functionTool], tool_choice: { type: 'function' } }, /tool_choice/],
    ['responses', 'chat', { previous_response_id: 'resp_1' }, /previous_response_id/],
  ])('%s to %s: %j is refused, and nobody is called', async (caller, dialect, fields, reason) => {
    const { status, body } = await post(caller, outOf(dialect), fields);
    expect(status).toBe(400);
    expect(body.error?.message).toMatch(reason);
    expect(world.provider(outOf(dialect)).requests).toEqual([]);
  });
});
