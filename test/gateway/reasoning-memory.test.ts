/** Thoughts that a provider wants to see again, for callers that do not carry them; and for nobody else. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBoundedMap } from '../../src/gateway/bounded-map.js';
import { createReasoningMemory } from '../../src/gateway/reasoning-memory.js';
import {
  planConnection,
  startTestGateway,
  type TestConnection,
  type TestGateway,
} from '../support/gateway.js';
import { plainRequest } from '../support/http-client.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';

let zai: SimulatedProvider;
const disposables: AsyncDisposable[] = [];
beforeEach(async () => {
  zai = await startSimulatedProvider('zai');
  disposables.push(zai);
});
afterEach(async () => {
  for (const disposable of disposables.splice(0).toReversed()) await disposable[Symbol.asyncDispose]();
});
const gatewayTo = async (...connections: TestConnection[]): Promise<TestGateway> => {
  const gateway = await startTestGateway({ connections });
  disposables.push(gateway);
  return gateway;
};
const post = (gateway: TestGateway, path: string, body: object, headers: Record<string, string> = {}) =>
  plainRequest(gateway.url + path, {
    headers: { authorization: `Bearer ${gateway.key}`, ...headers },
    body: { model: 'zai/glm-5.1', ...body },
  });

const CHAT = '/v1/chat/completions';
const MESSAGES = '/v1/messages';
const ASK = '[think the sky first][tool weather {"city":"Oslo"}]';
const chatTools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }];
const messagesTools = [{ name: 'weather', input_schema: { type: 'object' } }];

interface SentMessage {
  readonly role: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly unknown[];
}
/** The assistant's turn in what the provider was sent last. */
const lastTurn = () => {
  const sent = zai.requests.at(-1)?.body as { messages: SentMessage[] };
  return sent.messages.find(({ role }) => role === 'assistant');
};

/** Asks in chat and returns the id of the call, streamed or not. */
async function callInChat(gateway: TestGateway, stream: boolean, model = 'zai/glm-5.1'): Promise<string> {
  const messages = [{ role: 'user', content: ASK }];
  const { text } = await post(gateway, CHAT, { model, stream, messages, tools: chatTools });
  return /"id":"(call_[^"]*)"/.exec(text)?.[1] ?? '';
}
const returnInChat = (gateway: TestGateway, id: string, more: object = {}, headers = {}) =>
  post(
    gateway,
    CHAT,
    {
      tools: chatTools,
      messages: [
        { role: 'user', content: ASK },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id, type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }],
          ...more,
        },
        { role: 'tool', tool_call_id: id, content: 'rain [say ok]' },
      ],
    },
    headers,
  );

describe('a chat provider that wants its thoughts back', () => {
  for (const stream of [false, true]) {
    it(`gets them from a caller of chat that does not carry them (stream ${stream})`, async () => {
      const gateway = await gatewayTo(planConnection(zai));
      const id = await callInChat(gateway, stream);
      const answer = await returnInChat(gateway, id);
      expect(answer.status).toBe(200);
      expect(lastTurn()?.reasoning_content).toMatch(/the sky first/);
      expect(answer.headers['x-switchyard-repaired']).toContain('reasoning_replayed');
    });

    it(`gets them from a caller of messages that does not carry them (stream ${stream})`, async () => {
      const gateway = await gatewayTo({ ...planConnection(zai), formats: ['OPENAI_CHAT'] });
      const asked = [{ role: 'user', content: ASK }];
      const first = { max_tokens: 99, stream, tools: messagesTools, messages: asked };
      const { text } = await post(gateway, MESSAGES, first);
      const id = /"type":"tool_use","id":"([^"]*)"/.exec(text)?.[1] ?? '';
      await post(gateway, MESSAGES, {
        ...first,
        messages: [
          ...asked,
          {
            role: 'assistant',
            content: [{ type: 'tool_use', id, name: 'weather', input: { city: 'Oslo' } }],
          },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'rain' }] },
        ],
      });
      expect(lastTurn()?.reasoning_content).toMatch(/the sky first/);
    });
  }

  it('gets what a caller does carry, as it carries it', async () => {
    const gateway = await gatewayTo(planConnection(zai));
    const id = await callInChat(gateway, false);
    const answer = await returnInChat(gateway, id, { reasoning_content: 'my own' });
    expect(lastTurn()?.reasoning_content).toBe('my own');
    expect(answer.headers).not.toHaveProperty('x-switchyard-repaired');
  });

  it('gets none of another conversation, nor of another model: the field is there and empty', async () => {
    const both = { ...planConnection(zai), models: ['glm-5.1', 'glm-4.7'] };
    const gateway = await gatewayTo(both);
    const id = await callInChat(gateway, false);
    await returnInChat(gateway, id, {}, { 'x-session-id': 'another' });
    expect(lastTurn()).toHaveProperty('reasoning_content', '');
    const others = await callInChat(gateway, false, 'zai/glm-4.7');
    await returnInChat(gateway, others);
    expect(lastTurn()).toHaveProperty('reasoning_content', '');
  });
});

const sentBy = (provider: SimulatedProvider): unknown => provider.requests.at(-1)?.body?.['messages'];

describe('a thought under a seal', () => {
  it('that another model is known to have set is left out of a messages request that is passed on', async () => {
    const minimax = await startSimulatedProvider('minimax');
    disposables.push(minimax);
    const gateway = await gatewayTo(
      { ...planConnection(zai), formats: ['ANTHROPIC_MESSAGES'] },
      {
        provider: 'minimax',
        offering: 'token-plan',
        secret: minimax.keys.good,
        baseUrl: minimax.url,
        models: ['MiniMax-M2'],
        formats: ['ANTHROPIC_MESSAGES'],
      },
    );
    const asked = { role: 'user', content: ASK };
    const first = { max_tokens: 99, tools: messagesTools, messages: [asked] };
    const answer = await post(gateway, MESSAGES, { ...first, model: 'minimax/MiniMax-M2' });
    const { content } = answer.json() as { content: { type: string; signature?: string }[] };
    const thought = content.find(({ type }) => type === 'thinking');
    expect(thought?.signature).toEqual(expect.any(String));
    const next = {
      ...first,
      messages: [
        asked,
        { role: 'assistant', content: [thought] },
        { role: 'user', content: 'go on' },
        { role: 'assistant', content: [thought, { type: 'text', text: 'one' }, thought] },
        { role: 'user', content: '[say ok]' },
      ],
    };
    const switched = await post(gateway, MESSAGES, next);
    expect(switched.headers['x-switchyard-repaired']).toBe('foreign_thoughts');
    expect(sentBy(zai)).toEqual([
      asked,
      { role: 'user', content: 'go on' },
      { role: 'assistant', content: [{ type: 'text', text: 'one' }] },
      { role: 'user', content: '[say ok]' },
    ]);
    const stayed = await post(gateway, MESSAGES, { ...next, model: 'minimax/MiniMax-M2' });
    expect(stayed.headers).not.toHaveProperty('x-switchyard-repaired');
    expect(sentBy(minimax)).toHaveLength(5);
  });
});

describe('the memory', () => {
  const clock = () => {
    let time = 0;
    return { now: () => 0, monotonic: () => time, pass: (ms: number) => (time += ms) };
  };
  const scope = {
    workspaceId: 'ws_A',
    accessKeyId: 'key_A',
    conversation: () => 'c',
    model: 'zai/glm-5.1',
  };
  const call = {
    thoughts: [
      {
        type: 'reasoning',
        text: 'hm',
        origin: { model: 'zai/glm-5.1', protocol: 'OPENAI_CHAT', signature: null },
      },
    ],
    origin: null,
  } as const;

  it('answers nobody but the workspace, the key, the conversation and the model it is of', () => {
    const memory = createReasoningMemory({ clock: clock() });
    memory.within(scope).remember('functions.read:0', call);
    expect(memory.within(scope).recall('functions.read:0')).toEqual(call);
    const others = [
      { ...scope, workspaceId: 'ws_B' },
      { ...scope, accessKeyId: 'key_B' },
      { ...scope, conversation: () => 'd' },
      { ...scope, model: 'kimi/k2' },
    ];
    for (const other of others) expect(memory.within(other).recall('functions.read:0')).toBeUndefined();
  });

  it('knows a seal as another model’s only for the key that got it', () => {
    const memory = createReasoningMemory({ clock: clock() });
    memory.within(scope).noteSeal('seal');
    expect(memory.within(scope).isForeign('seal')).toBe(false);
    expect(memory.within({ ...scope, model: 'kimi/k2' }).isForeign('seal')).toBe(true);
    expect(memory.within({ ...scope, model: 'kimi/k2', accessKeyId: 'key_B' }).isForeign('seal')).toBe(false);
  });

  it('forgets what was not asked for in its time, and renews what was', () => {
    const { now, monotonic, pass } = clock();
    const memory = createReasoningMemory({ clock: { now, monotonic }, ttlMs: 100 });
    const { remember, recall } = memory.within(scope);
    remember('a', call);
    remember('b', call);
    pass(60);
    expect(recall('a')).toEqual(call);
    pass(60);
    expect([recall('a'), recall('b')]).toEqual([call, undefined]);
  });

  it('never holds more entries or bytes than its bounds, and lets go of what was used longest ago', () => {
    const map = createBoundedMap<number>({ maxEntries: 3, maxBytes: 100, ttlMs: 1_000, now: () => 0 });
    const held = () => ['a', 'b', 'c', 'd', 'e'].filter((key) => map.get(key) !== undefined);
    for (const [index, key] of ['a', 'b', 'c'].entries()) map.set(key, index, 10);
    map.get('a');
    map.set('d', 3, 10);
    expect(held()).toEqual(['a', 'c', 'd']);
    map.set('e', 4, 90);
    expect(held()).toEqual(['d', 'e']);
    map.set('a', 0, 101);
    expect(held()).toEqual(['d', 'e']);
    map.set('d', 5, 20);
    expect(held()).toEqual(['d']);
    expect(map.size).toBe(1);
  });
});
