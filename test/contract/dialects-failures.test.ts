/** What goes wrong between two dialects reaches the client as its own kind of error, and never looks like an answer. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CLIENTS } from '../support/dialects/clients.js';
import type { Ask, DialectClient, Reply } from '../support/dialects/client.js';
import { failureOf } from '../support/dialects/failure-of.js';
import { OUTS, startWorld, type Out, type World } from '../support/dialects/world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterEach(() => {
  world.gateway.forgetCooldowns();
  for (const out of OUTS) {
    world.provider(out).setFault(null);
    world.provider(out).clearRequests();
  }
});
afterAll(() => world[Symbol.asyncDispose]());

/** An error as each dialect sends it inside a stream. */
const ERROR_FRAMES: Readonly<Record<Out['dialect'], unknown>> = {
  chat: { error: { message: 'The engine is overloaded.', type: 'server_error', code: null } },
  messages: { type: 'error', error: { type: 'overloaded_error', message: 'The engine is overloaded.' } },
  responses: { type: 'error', code: 'server_error', message: 'The engine is overloaded.', param: null },
  gemini: { error: { code: 503, status: 'UNAVAILABLE', message: 'The engine is overloaded.' } },
};
const ASKED = '[say one two three four five six seven eight]';

describe.each(CLIENTS)('%s', (_name, connect) => {
  let client: DialectClient;
  beforeAll(() => {
    client = connect(world.gateway);
  });

  describe.each(OUTS.map((out) => [out.dialect, out] as const))(
    'before a provider of %s',
    (_dialect, out) => {
      const asking = (text: string): Ask => ({ model: out.model, turns: [{ role: 'user', text }] });

      describe.each(['whole', 'streamed'] as const)('%s', (mode) => {
        const ask = (wanted: Ask): Promise<Reply> => client[mode === 'whole' ? 'ask' : 'stream'](wanted);

        it('is told to slow down, and for how long where that is known', async () => {
          const failure = await failureOf(() => ask(asking('[fail rate-limit]')));
          expect(failure.status).toBe(429);
          const stated = world.provider(out).failures['rate-limit']?.headers?.['retry-after'];
          if (stated !== undefined && failure.retryAfter !== null)
            expect(Math.abs(Number(failure.retryAfter) - Number(stated))).toBeLessThanOrEqual(1);
        });

        it('is told that the prompt is too long', async () => {
          const failure = await failureOf(() => ask(asking('[fail prompt-too-long]')));
          expect(failure.status).toBe(400);
          expect(failure.message).toMatch(/context|too long|exceed/i);
        });

        it('is not blamed for a key of ours that is refused', async () => {
          const { keys } = world.provider(out);
          const failure = await failureOf(() => ask(asking('[fail bad-key]')));
          expect(failure.status).toBe(502);
          expect(failure.message).not.toContain(keys.good);
        });
      });

      it('sees a stream that ends in an error fail, and the record says so', async () => {
        world
          .provider(out)
          .setFault({ kind: 'error-frame', afterFrames: 5, body: ERROR_FRAMES[out.dialect] });
        const record = await world.recordOf(async () => {
          const failure = await failureOf(() => client.stream(asking(ASKED)));
          expect(failure.message).not.toBe('');
        });
        expect(record.status).toBe('FAILED');
        expect(record.attempts).toHaveLength(1);
      });

      it('sees a stream that is cut off fail, and the record says so', async () => {
        world.provider(out).setFault({ kind: 'cut', afterFrames: 5 });
        const record = await world.recordOf(() => failureOf(() => client.stream(asking(ASKED))));
        expect(record.status).toBe('FAILED');
      });

      it('reads a stream that comes in pieces of three bytes', async () => {
        world.provider(out).setFault({ kind: 'drip', bytes: 3, everyMs: 0 });
        expect((await client.stream(asking('[say Grüße aus 東京 👋][tokens in=3 out=4]'))).text).toBe(
          'Grüße aus 東京 👋',
        );
      });

      it('reads a stream whose last frame lacks its blank line', async () => {
        // What passes through stays as it came, and there most parsers give up a frame without its end.
        if (client.dialect === out.dialect) return;
        world.provider(out).setFault({ kind: 'unterminated' });
        const reply = await client.stream(asking('[say all of it][tokens in=3 out=4]'));
        expect(reply).toMatchObject({ text: 'all of it', finish: client.finish.stop });
      });

      it('leaves in mid-stream, and the provider is left at once', async () => {
        const leaving = new AbortController();
        const record = await world.recordOf(async () => {
          await failureOf(() =>
            client.stream({
              ...asking('[frames 5000 every 5ms]'),
              signal: leaving.signal,
              onText: () => leaving.abort(),
            }),
          );
        });
        expect(record.status).toBe('CANCELLED');
        const [request] = world.provider(out).requests;
        await request?.settled;
        expect(request?.outcome).toBe('client-left');
      });
    },
  );
});
