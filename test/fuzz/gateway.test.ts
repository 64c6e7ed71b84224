/** Whatever is sent to the gateway, in whatever dialect: a status that says something, no fault, no growth, nothing left open. */
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { plainRequest } from '../support/http-client.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';
import { until } from '../support/wait.js';
import { damages } from './documents.js';
import { REQUESTS } from './requests.js';

const SEED = 7;
const HEAP_GROWTH_MAX_BYTES = 96 * 1024 * 1024;
const PATHS = [
  '/v1/chat/completions',
  '/v1/messages',
  '/v1/messages/count_tokens',
  '/v1/responses',
  '/v1/embeddings',
  '/v1/models',
  '/v1/models/zai/glm-5.1',
  '/v1/elsewhere',
] as const;
const MODEL = 'zai/glm-5.1';
const BODIES = Object.values(REQUESTS).map((request) => JSON.stringify({ ...request, model: MODEL }));

let zai: SimulatedProvider;
let gateway: TestGateway;
let stranger: TestGateway;
let inputs = 0;

beforeAll(async () => {
  zai = await startSimulatedProvider('zai');
  const connections = [
    {
      provider: 'zai',
      offering: 'coding-plan',
      secret: zai.keys.good,
      baseUrl: zai.url,
      models: ['glm-5.1'],
    },
  ];
  gateway = await startTestGateway({ connections });
  stranger = await startTestGateway({ connections: [] });
});
afterAll(async () => {
  process.stdout.write(`fuzz: ${inputs} inputs to the gateway\n`);
  await gateway[Symbol.asyncDispose]();
  await stranger[Symbol.asyncDispose]();
  await zai.close();
});

const check = <T>(
  arbitrary: fc.Arbitrary<T>,
  property: (value: T) => Promise<void>,
  runs: number,
): Promise<void> =>
  fc.assert(fc.asyncProperty(arbitrary, property), { numRuns: runs, seed: SEED, endOnFailure: true });

async function send(path: string, body: string, headers: Record<string, string> = {}): Promise<void> {
  inputs++;
  const answer = await plainRequest(gateway.url + path, {
    headers: { authorization: `Bearer ${gateway.key}`, ...headers },
    body,
  });
  expect(answer.status).toBeGreaterThanOrEqual(200);
  expect(answer.status, body.slice(0, 500)).not.toBe(500);
  expect(answer.headers['x-request-id']).toMatch(/^req_/);
  if (answer.status < 400) return;
  const { error } = answer.json() as { error: { message: string } };
  expect(error.message).not.toBe('');
  expect(answer.text).not.toContain(zai.keys.good);
}

const path = fc.constantFrom(...PATHS);
const headers = fc.dictionary(
  fc.constantFrom(
    'content-type',
    'accept',
    'x-api-key',
    'anthropic-version',
    'anthropic-beta',
    'x-request-id',
    'user-agent',
    'expect-ct',
  ),
  fc.string({ maxLength: 80 }).map((text) => text.replaceAll(/[^\x20-\x7e]/g, '').trim()),
  { maxKeys: 4 },
);

describe('the gateway', () => {
  it('answers any body on any path', async () => {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    const body = fc.oneof(
      fc.json(),
      fc.string({ maxLength: 300 }),
      fc
        .jsonValue({ maxDepth: 3 })
        .map((messages) => JSON.stringify({ model: MODEL, messages, input: messages, max_tokens: 5 })),
    );
    await check(fc.tuple(path, body, headers), ([to, text, more]) => send(to, text, more), 400);
    globalThis.gc?.();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(HEAP_GROWTH_MAX_BYTES);
  });

  it('answers damaged requests of every dialect', async () => {
    const body = fc
      .tuple(fc.constantFrom(...BODIES), damages)
      .map(([text, damage]) => damage(text).slice(0, 300_000));
    await check(fc.tuple(path, body), ([to, text]) => send(to, text), 300);
  });

  it('answers sound JSON whose parts are of the wrong kind', async () => {
    const spoiled = fc
      .tuple(fc.constantFrom(...BODIES), fc.nat(), fc.jsonValue({ maxDepth: 2 }))
      .map(([text, at, value]) => {
        const request = JSON.parse(text) as unknown;
        const places: [Record<string, unknown>, string][] = [];
        const collect = (part: unknown): void => {
          if (typeof part !== 'object' || part === null) return;
          for (const key of Object.keys(part)) {
            places.push([part as Record<string, unknown>, key]);
            collect((part as Record<string, unknown>)[key]);
          }
        };
        collect(request);
        const place = places[at % places.length];
        if (place) place[0][place[1]] = value;
        return JSON.stringify(request);
      });
    await check(fc.tuple(path, spoiled), ([to, text]) => send(to, text), 400);
  });

  it('survives bytes that are no HTTP', async () => {
    await check(
      fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc
          .nat(BODIES[0]?.length)
          .map((at) =>
            Buffer.from(
              `POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n\r\n${(BODIES[0] ?? '').slice(0, at)}`,
            ),
          ),
        fc.constant(
          Buffer.from(
            'POST /v1/messages HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\nzz\r\n',
          ),
        ),
      ),
      async (bytes) => {
        inputs++;
        const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
        socket.on('error', () => undefined);
        await new Promise<void>((resolve) => socket.end(bytes, () => resolve()));
        socket.destroy();
      },
      100,
    );
    await send('/v1/models', '');
  });

  it('knows no key of another installation, whatever is sent with it', async () => {
    await check(
      path,
      async (to) => {
        inputs++;
        const answer = await plainRequest(gateway.url + to, {
          headers: { authorization: `Bearer ${stranger.key}` },
          body: BODIES[0] ?? '',
        });
        expect([401, 404, 405]).toContain(answer.status);
        expect(answer.text).not.toContain('glm');
      },
      20,
    );
  });

  it('has answered everything that it took on, and leaves no socket open', async () => {
    const kinds = () => gateway.records.map(({ kind }) => kind);
    await until(
      'every request ended',
      () =>
        kinds().filter((kind) => kind === 'begin').length <= kinds().filter((kind) => kind === 'end').length,
    );
    await until(
      'nothing is open',
      () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length < 60,
    );
  });
});
