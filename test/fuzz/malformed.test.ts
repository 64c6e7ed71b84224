/** Whatever callers and providers send: no crash, no hang, no memory without bound, and no error but the one that explains. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { STREAM_FRAME_MAX_BYTES } from '../../src/config/limits.js';
import { AppError } from '../../src/domain/errors.js';
import type { ChatProtocol } from '../../src/domain/vocabulary.js';
import type { JsonObject } from '../../src/protocols/dialect.js';
import { NOTHING_STATED } from '../../src/protocols/usage.js';
import { madeBody, madeFrames, ORDERS, type Order } from '../support/dialects/made-streams.js';
import {
  CONTEXT,
  decode,
  PROVIDERS,
  TARGET,
  translate,
  TRANSLATIONS,
  watch,
} from '../support/dialects/streams.js';
import { mutated, noise } from './mutations.js';
import { REQUESTS } from './requests.js';

const PROTOCOLS = Object.keys(PROVIDERS) as ChatProtocol[];
const ORDER_NAMES = (Object.keys(ORDERS) as Order[]).filter((order) => order !== 'huge arguments');
/** Of each kind of input: enough to find what is wrong over many runs of the suite, few enough to wait for. */
const RUNS = 60;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Buffers are let go of a turn after the objects that held them. */
async function forgetAll(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

let tried = 0;
afterAll(() => process.stdout.write(`  ${tried} malformed inputs tried\n`));

/** An input that never comes to an end runs into the test's own time limit. */
function tryAll<T>(inputs: fc.Arbitrary<T>, check: (input: T) => void): void {
  fc.assert(
    fc.property(inputs, (input) => {
      tried++;
      check(input);
    }),
    { numRuns: RUNS, includeErrorInReport: true },
  );
}

/** Runs it; the only error it may throw is the one that tells its caller what was wrong. */
function answersOrExplains<T>(run: () => T): T | null {
  try {
    return run();
  } catch (error) {
    if (error instanceof AppError && error.status === 400) {
      expect(error.message).not.toBe('');
      return null;
    }
    throw error;
  }
}

/** The stream watched, decoded and translated; every frame that is written is JSON. */
function readStream(protocol: ChatProtocol, bytes: Buffer): void {
  const decoded = decode(protocol, [bytes]);
  const watched = watch(protocol, [bytes]);
  if (watched !== null) {
    expect(watched.bytes.equals(bytes)).toBe(true);
    // Frames with content are counted by a word in passing streams; in frames that are wrong that is a guess.
    const { usage, finished, closed, errorData } = watched.state;
    expect(decoded.state).toMatchObject({ usage, finished, closed, errorData });
  }
  for (const [to, client] of TRANSLATIONS) {
    const { output } = translate(protocol, client, [bytes]);
    for (const line of output.split('\n')) {
      if (!line.startsWith('data: ') || line === 'data: [DONE]') continue;
      expect(() => JSON.parse(line.slice('data: '.length)) as unknown, to).not.toThrow();
    }
  }
}

/** A copy in which every member of that name is the value. */
function withEvery(body: JsonObject, name: string, value: unknown): JsonObject {
  const copy = (inner: unknown): unknown => {
    if (Array.isArray(inner)) return inner.map(copy);
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(
      Object.entries(inner).map(([key, own]) => [key, key === name ? value : copy(own)]),
    );
  };
  return copy(body) as JsonObject;
}

const frameOf = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

describe.each(PROTOCOLS)('a provider of %s', (protocol) => {
  it('may send noise', () => {
    tryAll(noise, (bytes) => readStream(protocol, bytes));
  });

  it.each(ORDER_NAMES)('may get its frames wrong (%s)', (order) => {
    const frames = madeFrames(protocol, order).map((frame) =>
      frame
        .replace(/^event: .*\n/, '')
        .slice(6)
        .trim(),
    );
    const values = frames.map((text): unknown => (text === '[DONE]' ? text : JSON.parse(text)));
    const wrongStream = fc
      .record({ at: fc.nat(values.length - 1), drop: fc.nat(20), swap: fc.boolean(), cut: fc.nat(60) })
      .chain(({ at, drop, swap, cut }) =>
        mutated(values[at]).map((wrong) => {
          const sent = values
            .map((value, index) => (index === at ? wrong : value))
            .filter((_, i) => i !== drop);
          if (swap) sent.reverse();
          const text = sent
            .map((value) => (value === '[DONE]' ? 'data: [DONE]\n\n' : frameOf(value)))
            .join('');
          return Buffer.from(cut < 30 ? text : text.slice(0, -cut));
        }),
      );
    tryAll(wrongStream, (bytes) => readStream(protocol, bytes));
  });

  it.each(ORDER_NAMES)('may get a whole answer wrong (%s)', (order) => {
    tryAll(mutated(madeBody(protocol, order)), (body) => {
      if (typeof body !== 'object' || body === null || Array.isArray(body)) return;
      const answer = PROVIDERS[protocol].readAnswer(body as JsonObject, TARGET);
      for (const [, client] of TRANSLATIONS) JSON.stringify(client.writeAnswer(answer, CONTEXT));
    });
  });

  it('may nest its answer without end', () => {
    const deep = JSON.parse(`${'[{"a":'.repeat(20_000)}1${'}]'.repeat(20_000)}`) as unknown;
    tried++;
    for (const order of ORDER_NAMES) {
      const body = JSON.parse(JSON.stringify(madeBody(protocol, order))) as Record<string, unknown>;
      for (const path of [
        'input',
        'args',
        'arguments',
        'usage',
        'usageMetadata',
        'content',
        'finish_reason',
      ]) {
        const answer = PROVIDERS[protocol].readAnswer(withEvery(body, path, deep), TARGET);
        for (const [, client] of TRANSLATIONS) JSON.stringify(client.writeAnswer(answer, CONTEXT));
      }
    }
  });

  it('may begin a frame and never end it', async () => {
    await forgetAll();
    const before = process.memoryUsage();
    const decoder = PROVIDERS[protocol].createStreamDecoder(TARGET);
    const piece = Buffer.alloc(256 * 1024, 'x');
    decoder.push(Buffer.from('data: {"choices":[{"delta":{"content":"'));
    for (let sent = 0; sent < 64 * STREAM_FRAME_MAX_BYTES; sent += piece.length) {
      tried++;
      decoder.push(piece);
    }
    await forgetAll();
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(16 * STREAM_FRAME_MAX_BYTES);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(16 * STREAM_FRAME_MAX_BYTES);
    decoder.end();
  });
});

describe.each(TRANSLATIONS.map(([protocol, client]) => [protocol, client] as const))(
  'a caller that speaks %s',
  (protocol, client) => {
    const request = REQUESTS[protocol];
    if (!request) throw new Error(`No request of ${protocol} to start from.`);

    it('is understood, by every provider, when it is right', () => {
      const { request: read } = client.readRequest(request);
      for (const provider of Object.values(PROVIDERS))
        answersOrExplains(() => provider.writeRequest(read, TARGET));
    });

    it('may get its request wrong, and is told what', () => {
      tryAll(mutated(request), (body) => {
        if (typeof body !== 'object' || body === null || Array.isArray(body)) return;
        const read = answersOrExplains(() => client.readRequest(body as JsonObject));
        if (read === null) return;
        for (const provider of Object.values(PROVIDERS)) {
          const written = answersOrExplains(() => provider.writeRequest(read.request, TARGET));
          if (written !== null) expect(JSON.stringify(written.body)).toMatch(/^\{/);
        }
      });
    });

    it('may bring and get arguments nested without end', () => {
      const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
      const call = { type: 'tool_call' as const, id: 'call_1', name: 'f', input: deep };
      const { request: read } = client.readRequest(request);
      tried++;
      for (const provider of Object.values(PROVIDERS)) {
        const messages = [...read.messages, { role: 'assistant' as const, content: [call] }];
        JSON.stringify(provider.writeRequest({ ...read, messages }, TARGET).body);
      }
      const finish = { reason: 'tool_calls' as const, stopSequence: null };
      JSON.stringify(client.writeAnswer({ id: null, parts: [call], finish, usage: NOTHING_STATED }, CONTEXT));
    });

    it('may nest without end', () => {
      let schema: unknown = { type: 'string' };
      for (let depth = 0; depth < 240; depth++) schema = { type: 'object', properties: { a: schema } };
      const tools = {
        OPENAI_CHAT: [{ type: 'function', function: { name: 'f', parameters: schema } }],
        ANTHROPIC_MESSAGES: [{ name: 'f', input_schema: schema }],
        OPENAI_RESPONSES: [{ type: 'function', name: 'f', parameters: schema }],
        GEMINI: [],
      }[protocol];
      tried++;
      const read = answersOrExplains(() => client.readRequest({ ...request, tools, tool_choice: undefined }));
      if (read === null) return;
      for (const provider of Object.values(PROVIDERS))
        answersOrExplains(() => provider.writeRequest(read.request, TARGET));
    });
  },
);
