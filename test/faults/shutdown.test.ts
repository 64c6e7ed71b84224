/** Stopping: what runs may finish, what is new is told, and the end comes within its time. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainRequest } from '../support/http-client.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';
import { connect, makeKey, recordedEvents } from '../support/operator.js';
import {
  createInstallation,
  isRunning,
  processesOf,
  type Installation,
  type Switchyard,
} from '../support/switchyard.js';
import { until } from '../support/wait.js';

const MODEL = 'zai/glm-5.1';

let zai: SimulatedProvider;
let installation: Installation;
let key: string;
/** What the test before has started and left running. */
let running: Switchyard | null = null;

beforeAll(async () => {
  zai = await startSimulatedProvider('zai');
  installation = await createInstallation();
  running = await installation.start();
  await connect(running, zai, 'coding-plan');
  key = (await makeKey(running)).plaintext;
});
afterAll(async () => {
  await installation[Symbol.asyncDispose]();
  await zai.close();
});

/** For the test that ends it. */
async function takeRunning(): Promise<Switchyard> {
  const program = running ?? (await installation.start());
  running = null;
  return program;
}

/** A stream that has begun to arrive. */
async function startStream(program: Switchyard, script: string) {
  let begun = false;
  const answer = plainRequest(`${program.gatewayUrl}/v1/chat/completions`, {
    headers: { authorization: `Bearer ${key}` },
    body: { model: MODEL, stream: true, messages: [{ role: 'user', content: script }] },
    onChunk: () => (begun = true),
  });
  answer.catch(() => undefined);
  await until('the stream begins', () => begun);
  return { answer };
}

describe('stopping', () => {
  it.each([
    ['SIGTERM to the program', 'SIGTERM', 'supervisor'],
    ['SIGINT to all of its processes, as from a terminal', 'SIGINT', 'all'],
    ['SIGTERM to all of its processes, as from a service manager', 'SIGTERM', 'all'],
  ] as const)(
    'lets a running stream finish after %s, and says meanwhile that it drains',
    async (_, signal, to) => {
      await using program = await takeRunning();
      const { gatewayUrl } = program;
      const { answer } = await startStream(program, '[frames 40 every 50ms][tokens in=31 out=40]');
      program.signal(signal, to);

      const probe = await until('the gateway says that it drains', async () => {
        const said = await plainRequest(`${gatewayUrl}/readyz`);
        return said.status === 503 && said;
      });
      expect(probe.json()).toMatchObject({ status: 'draining' });
      const refused = await plainRequest(`${gatewayUrl}/v1/chat/completions`, {
        headers: { authorization: `Bearer ${key}` },
        body: { model: MODEL, messages: [] },
      });
      expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
      expect(refused.json()).toMatchObject({ error: { message: expect.stringContaining('stopping') } });

      const { broken, text, headers } = await answer;
      expect(broken).toBe(false);
      expect(text).toContain('word-40');
      expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
      const finishedAt = performance.now();
      expect(await program.ended).toEqual({ code: 0, signal: null });
      expect(performance.now() - finishedAt).toBeLessThan(15_000);

      running = await installation.start();
      const isOurs = ({ requestId }: any): boolean => requestId === headers['x-request-id'];
      const found = await recordedEvents(running, (events) => events.some(isOurs));
      expect(found.filter(isOurs)).toMatchObject([{ status: 'OK', tokens: { input: 31, output: 40 } }]);
    },
  );

  it('ends at once at the second SIGINT, and leaves no process behind', async () => {
    await using program = await takeRunning();
    const { control, gateways } = program.processes();
    const { answer } = await startStream(program, '[frames 1000 every 50ms]');
    program.signal('SIGINT', 'all');
    await until('the gateway drains', async () => {
      return (await plainRequest(`${program.gatewayUrl}/readyz`)).status === 503;
    });
    const askedAt = performance.now();
    program.signal('SIGINT', 'all');
    expect((await program.ended).code).toBe(130);
    await until('its processes are gone', () => !gateways.some(isRunning) && !isRunning(control ?? 0));
    expect(performance.now() - askedAt).toBeLessThan(15_000);
    expect((await answer).broken).toBe(true);
  });

  it.each(['supervisor', 'all'] as const)(
    'ends a start that a SIGINT to %s breaks off, without a trace',
    async (to) => {
      const run = installation.launch();
      await until('its processes are starting', () => {
        const { control, gateways } = processesOf(run.pid);
        return control !== null && gateways.length > 0;
      });
      const { control, gateways } = processesOf(run.pid);
      run.signal('SIGINT', to);
      await run.ended;
      expect(run.stderr()).not.toMatch(/^\s+at /m);
      expect(gateways.some(isRunning) || isRunning(control ?? 0)).toBe(false);
    },
  );

  it('ends within seconds when nothing runs, whatever connections are open', async () => {
    await using program = await installation.start();
    const idle = await fetch(`${program.gatewayUrl}/livez`, { headers: { connection: 'keep-alive' } });
    await idle.text();
    const askedAt = performance.now();
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - askedAt).toBeLessThan(15_000);
  });
});
