/** Every client speaks to every provider: what one's official parser assembles is what the other said. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { arrivedAt } from '../support/dialects/arrived.js';
import {
  parsedInput,
  type Ask,
  type DialectClient,
  type Reply,
  type ToolSpec,
} from '../support/dialects/client.js';
import { CLIENTS } from '../support/dialects/clients.js';
import { OUTS, startWorld, type World } from '../support/dialects/world.js';

const WEATHER: ToolSpec = {
  name: 'weather',
  description: 'Weather of a city',
  schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const CLOCK: ToolSpec = {
  name: 'clock',
  description: 'The time',
  schema: { type: 'object', properties: {} },
};
const NOTE: ToolSpec = {
  name: 'note',
  description: 'Keeps a text',
  schema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
};
const TOOLS = [WEATHER, CLOCK, NOTE];
const CITY = {
  type: 'object',
  properties: { city: { type: 'string' }, near: { type: 'array', items: { type: 'string' } } },
  required: ['city', 'near'],
  additionalProperties: false,
};
/** A picture of one pixel. */
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const ELSEWHERE = 'https://pictures.example/cat.png';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterEach(() => {
  for (const out of OUTS) {
    world.provider(out).setFault(null);
    world.provider(out).clearRequests();
  }
});
afterAll(() => world[Symbol.asyncDispose]());

const user = (text: string, images?: readonly string[]) => ({
  role: 'user' as const,
  text,
  ...(images && { images }),
});
const MODES = ['whole', 'streamed'] as const;

describe.each(CLIENTS)('%s', (_name, connect) => {
  let client: DialectClient;
  beforeAll(() => {
    client = connect(world.gateway);
  });

  describe.each(OUTS.map((out) => [out.dialect, out] as const))('asks a provider of %s', (_dialect, out) => {
    const arrived = () => arrivedAt(out.dialect, world.provider(out).requests.at(-1)?.body ?? null);

    describe.each(MODES)('%s', (mode) => {
      const ask = (wanted: Omit<Ask, 'model'> & { readonly model?: string }): Promise<Reply> =>
        client[mode === 'whole' ? 'ask' : 'stream']({ model: out.model, ...wanted });
      /** Asks for calls, then brings their results, which order the next answer. */
      const callAndAnswer = async (order: string, results: readonly string[]) => {
        const asked = user(order);
        const called = await ask({ turns: [asked], tools: TOOLS });
        const after = await ask({
          turns: [
            asked,
            { role: 'assistant', reply: called },
            {
              role: 'results',
              results: called.calls.map((call, index) => ({ call, text: results[index] ?? '' })),
            },
          ],
          tools: TOOLS,
        });
        return { called, after, sent: arrived() };
      };

      it('reads the text, how it ended, and the usage that was stated', async () => {
        let reply: Reply | null = null;
        const pieces: string[] = [];
        const record = await world.recordOf(async () => {
          reply = await ask({
            system: 'Answer in one line.',
            turns: [user('[say Grüße, 世界 👋 and a "quote"][tokens in=12 out=34 cached=5 reasoning=7]')],
            onText: (text) => pieces.push(text),
          });
        });
        expect(reply).toMatchObject({
          text: 'Grüße, 世界 👋 and a "quote"',
          calls: [],
          refusal: null,
          finish: client.finish.stop,
          usage: { prompt: 17, cached: 5, output: 34 },
        });
        if (mode === 'streamed') expect(pieces.length).toBeGreaterThan(out.dialect === 'gemini' ? 1 : 3);
        const request = world.provider(out).requests.at(-1);
        expect(request?.bodyText).toContain('Answer in one line.');
        expect(request?.stated).toMatchObject({ output: 34 });
        expect(record).toMatchObject({ status: 'OK', request: { streamed: mode === 'streamed' } });
        expect(record.attempts).toHaveLength(1);
        expect(record.attempts[0]).toMatchObject({ tokens: request?.stated, tokenSource: 'REPORTED' });
      });

      it('gets a tool called and brings the result', async () => {
        const { called, after, sent } = await callAndAnswer('[tool weather {"city":"Ålesund"}]', [
          '[say it rains]',
        ]);
        expect(called.calls).toEqual([
          { id: expect.stringMatching(/./), name: 'weather', input: { city: 'Ålesund' } },
        ]);
        expect(called).toMatchObject({ text: '', finish: client.finish.toolCalls });
        expect(after.text).toBe('it rains');
        expect(sent.calls).toMatchObject([{ name: 'weather', input: { city: 'Ålesund' } }]);
        expect(sent.results).toEqual([{ id: sent.calls[0]?.id, text: '[say it rains]' }]);
      });

      it('gets several tools called at once, as one turn, and brings all results as the next', async () => {
        const { called, after, sent } = await callAndAnswer(
          '[tools weather {"city":"Oslo"} clock weather {"city":"Rom"}]',
          ['rain', 'noon', '[say all three]'],
        );
        expect(called.calls.map(({ name, input }) => [name, input])).toEqual([
          ['weather', { city: 'Oslo' }],
          ['clock', {}],
          ['weather', { city: 'Rom' }],
        ]);
        expect(new Set(called.calls.map(({ id }) => id)).size).toBe(3);
        expect(after.text).toBe('all three');
        expect(sent.results.map(({ text }) => text)).toEqual(['rain', 'noon', '[say all three]']);
        expect(sent.results.map(({ id }) => id)).toEqual(sent.calls.map(({ id }) => id));
        expect(sent.roles).toEqual(
          {
            chat: ['user', 'assistant', 'tool', 'tool', 'tool'],
            messages: ['user', 'assistant', 'user'],
            responses: [
              'user',
              ...Array<string>(3).fill('function_call'),
              ...Array<string>(3).fill('function_call_output'),
            ],
            gemini: ['user', 'model', 'user'],
          }[out.dialect],
        );
      });

      it('brings a result that is an error as one', async () => {
        if (client.dialect !== 'messages') return;
        const asked = user('[tool weather {"city":"Oslo"}]');
        const called = await ask({ turns: [asked], tools: TOOLS });
        const [call] = called.calls;
        if (!call) throw new Error('No tool was called.');
        const results = [{ call, text: 'no such city [say sorry]', isError: true }];
        const turns = [
          asked,
          { role: 'assistant' as const, reply: called },
          { role: 'results' as const, results },
        ];
        expect((await ask({ turns, tools: TOOLS })).text).toBe('sorry');
        expect(world.provider(out).requests.at(-1)?.bodyText).toMatch(
          {
            chat: /"Error: no such/,
            messages: /"is_error":true/,
            responses: /"Error: "|"Error: no such/,
            gemini: /"error":"no such/,
          }[out.dialect],
        );
      });

      it('reads what is said before a call', async () => {
        const reply = await ask({
          turns: [user('[say Let me look.][tool weather {"city":"Oslo"}]')],
          tools: TOOLS,
        });
        expect(reply).toMatchObject({
          text: 'Let me look.',
          calls: [{ name: 'weather', input: { city: 'Oslo' } }],
        });
      });

      it('gets a tool called without arguments', async () => {
        const { called, after, sent } = await callAndAnswer('[tool clock]', ['[say noon]']);
        expect(called.calls).toMatchObject([{ name: 'clock', input: {} }]);
        expect(after.text).toBe('noon');
        expect(sent.calls).toMatchObject([{ name: 'clock', input: {} }]);
      });

      it('gets a tool called with huge arguments, whole on both ways', async () => {
        const { called, after, sent } = await callAndAnswer('[tool note 100KB]', ['[say kept]']);
        const text = 'é'.repeat(51_200);
        expect(called.calls[0]?.input).toEqual({ text });
        expect(sent.calls[0]?.input).toEqual({ text });
        expect(after.text).toBe('kept');
      });

      it('shows pictures, in the request and elsewhere', async () => {
        const images = client.imageAddresses ? [PIXEL, ELSEWHERE] : [PIXEL];
        const reply = await ask({ turns: [user('[describe]', images)] });
        expect(reply.text).toBe(images.map((url) => `image ${url === PIXEL ? 'image/png' : url}`).join('; '));
      });

      it('reads thoughts, and shows them to the same model again but to no other', async () => {
        const asked = user('[think One step, then another.][tool weather {"city":"Oslo"}]');
        const called = await ask({ turns: [asked], tools: TOOLS, think: true });
        if (client.thoughts) expect(called.thoughts).toBe('One step, then another.');
        const [call] = called.calls;
        if (!call) throw new Error('No tool was called.');
        const turns: Ask['turns'] = [
          asked,
          { role: 'assistant', reply: called },
          { role: 'results', results: [{ call, text: '[say rain]' }] },
        ];
        expect((await ask({ turns, tools: TOOLS, think: true })).text).toBe('rain');
        const again = world.provider(out).requests.at(-1)?.bodyText ?? '';
        expect((await ask({ model: out.otherModel, turns, tools: TOOLS, think: true })).text).toBe('rain');
        const other = world.provider(out).requests.at(-1)?.bodyText ?? '';
        const seal = sealOf[out.dialect](out.model.slice(out.model.indexOf('/') + 1));
        // In its own dialect a caller's words pass as they are: what is sealed is there if the caller carries it.
        const passes = client.dialect === out.dialect;
        if (seal !== null && (client.thoughts || !passes)) expect(again).toContain(seal);
        if (passes) return;
        for (const trace of [seal, 'sy1.']) if (trace !== null) expect(other).not.toContain(trace);
        expect(other).not.toMatch(/"(?:thinking|reasoning_content|summary_text)":"One step/);
        expect(again).not.toContain('sy1.');
      });

      it('gets JSON of the schema it asked for', async () => {
        const reply = await ask({
          turns: [user('[say {"city":"Oslo","near":["Moss","Ski"]}]')],
          schema: CITY,
        });
        expect(parsedInput(reply.text)).toEqual({ city: 'Oslo', near: ['Moss', 'Ski'] });
        expect(arrived().schema).toMatchObject({
          properties: { city: { type: expect.stringMatching(/string/i) as string } },
          required: ['city', 'near'],
        });
      });

      it('reads a refusal as one', async () => {
        const reply = await ask({ turns: [user('[refuse I will not help with that.]')] });
        expect(reply.calls).toEqual([]);
        if (!client.refusals) return;
        expect(reply.refusal).not.toBeNull();
        if (out.dialect !== 'gemini')
          expect(`${reply.refusal ?? ''}${reply.text}`).toBe('I will not help with that.');
      });

      it('reads that the answer was cut for want of room', async () => {
        const reply = await ask({ turns: [user('[say only half][length]')], maxTokens: 2_000 });
        expect(reply).toMatchObject({ text: 'only half', finish: client.finish.length });
        expect(world.provider(out).requests.at(-1)?.bodyText).toContain('2000');
      });
    });
  });
});

/** The seal each dialect's simulated provider puts on thoughts; null where the dialect has none. */
const sealOf = {
  chat: () => null,
  messages: (model: string) => Buffer.from(`signed by ${model}`).toString('base64'),
  responses: (model: string) => Buffer.from(`encrypted by ${model}`).toString('base64'),
  gemini: (model: string) => Buffer.from(`signed by ${model}`).toString('base64'),
};
