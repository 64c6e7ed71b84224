/** `kill -9` of anything, at any moment: what was answered is recorded once, what was cut off is recorded as that, nothing twice. */
import type { IncomingHttpHeaders } from 'node:http';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, postgresIsInstalled, type PostgresServer } from '../support/postgres-server.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';
import {
  connect,
  follow,
  liveClient,
  makeKey,
  recordedEvents,
  sumsOf,
  sumsOfTotals,
  usageReport,
} from '../support/operator.js';
import { createInstallation, isRunning, type Installation, type Switchyard } from '../support/switchyard.js';
import { until } from '../support/wait.js';

const PLAN_MODEL = 'zai/glm-5.1';
const METERED_MODEL = 'opencode/glm-5.2';
const RECORDED_DEADLINE_MS = 30_000;

const DATABASES = [
  { name: 'the embedded database', real: false },
  { name: 'a real PostgreSQL', real: true },
];

describe.each(DATABASES)('on $name', ({ real }) => {
  describe.skipIf(real && !postgresIsInstalled)('a kill -9', { timeout: 120_000 }, () => {
    let postgres: PostgresServer | null = null;
    let zai: SimulatedProvider;
    let opencode: SimulatedProvider;
    let installation: Installation;
    let program: Switchyard;
    let key: string;
    let traffic: Traffic;
    let subscriber: Subscriber;

    beforeAll(async () => {
      postgres = real ? await startPostgres() : null;
      [zai, opencode] = await Promise.all([
        startSimulatedProvider('zai'),
        startSimulatedProvider('opencode'),
      ]);
      installation = await createInstallation(
        postgres ? { DATABASE_URL: await postgres.createDatabase() } : {},
      );
      program = await installation.start();
      await connect(program, zai, 'coding-plan');
      await connect(program, opencode, 'zen');
      key = (await makeKey(program)).plaintext;
      traffic = createTraffic(() => program.gatewayUrl, key);
      subscriber = startSubscriber(() => program);
      await subscriber.listening;
      await traffic.whole(2);
      await subscriber.heard(2);
    });
    afterAll(async () => {
      await subscriber?.stop();
      await installation?.[Symbol.asyncDispose]();
      await postgres?.[Symbol.asyncDispose]();
      await zai?.close();
      await opencode?.close();
    });

    beforeEach(async () => {
      await until(
        'everything runs',
        async () => (await gatewayServes()) && (await answers(program.adminUrl)),
      );
    });

    const gatewayServes = (): Promise<boolean> => answers(program.gatewayUrl);

    /** Everything this file promises, checked against what the clients saw. */
    async function expectTheBooksToBalance(): Promise<void> {
      const mustBeThere = traffic.calls.filter(({ requestId }) => requestId !== null);
      const events = await recordedEvents(program, (found) => {
        const ids = new Set(found.map(({ requestId }) => requestId));
        return mustBeThere.every(({ requestId }) => ids.has(requestId));
      });
      expect(new Set(events.map(({ id }) => id)).size, 'no event twice').toBe(events.length);
      const byRequest = new Map(events.map((event) => [event.requestId, event]));
      expect(byRequest.size, 'no request twice').toBe(events.length);
      for (const call of mustBeThere) {
        const { status, error, tokens } = byRequest.get(call.requestId);
        if (call.outcome === 'whole') {
          expect({ status, input: tokens.input, output: tokens.output }).toEqual({
            status: 'OK',
            input: call.input,
            output: call.output,
          });
        } else if (call.endless) {
          expect([call.outcome, status, error?.class]).toEqual(['cut', 'FAILED', 'INTERRUPTED']);
          // This format states its input first, and a crash must not forget it.
          if (call.dialect === 'messages') expect(tokens.input).toBe(call.input);
        }
      }
      const known = new Set(mustBeThere.map(({ requestId }) => requestId));
      // A request that was cut before its head arrived is there once at most, and never as answered with nobody told.
      const unseen = events.filter(({ requestId }) => !known.has(requestId));
      expect(unseen.length).toBeLessThanOrEqual(traffic.calls.length - mustBeThere.length);

      for (const interval of ['HOUR', 'TOTAL']) {
        const report = await usageReport(program, { interval, groupBy: ['MODEL', 'STATUS'] });
        expect(sumsOfTotals(report.totals), 'rollups equal the sums of events').toEqual(sumsOf(events));
      }
      await until(
        'the subscriber has seen every event',
        () => events.every(({ id }) => subscriber.seen.has(id)),
        RECORDED_DEADLINE_MS,
      );
    }

    it.each([1, 2])(
      'of the gateway in the middle of streams loses and doubles nothing (round %d)',
      async () => {
        const before = program.processes().gateways;
        const [settled] = await traffic.burst();
        await program.kill9('gateway');
        await settled;
        await until('the gateway serves again', gatewayServes);
        expect(program.processes().gateways).not.toEqual(before);
        await traffic.whole(3);
        await expectTheBooksToBalance();
      },
    );

    it.each([1, 2])('of the control process loses and doubles nothing (round %d)', async () => {
      const before = program.processes().control;
      const [settled, endless] = await traffic.burst();
      await program.kill9('control');
      // The agents notice nothing: their streams go on and new requests are served.
      await traffic.whole(5);
      endless.abort();
      await settled;
      expect(await until('a control process runs again', () => program.processes().control)).not.toBe(before);
      await expectTheBooksToBalanceAfterCancelling();
    });

    it('of both, one right after the other, loses and doubles nothing', async () => {
      const [settled] = await traffic.burst();
      await Promise.all([program.kill9('control'), program.kill9('gateway')]);
      await settled;
      await until('the gateway serves again', gatewayServes);
      await traffic.whole(3);
      await expectTheBooksToBalance();
    });

    it.each(real ? [1, 2] : [])('of PostgreSQL loses and doubles nothing (round %d)', async () => {
      const [settled, endless] = await traffic.burst();
      await postgres?.kill9();
      await traffic.whole(5);
      endless.abort();
      await settled;
      await postgres?.start();
      await traffic.whole(2);
      await expectTheBooksToBalanceAfterCancelling();
    });

    it('of the supervisor ends all of it, and a start right behind it goes on where it was', async () => {
      const { control, gateways } = program.processes();
      const [settled] = await traffic.burst();
      await program.kill9('supervisor');
      program = await installation.start({
        ADMIN_PORT: new URL(program.adminUrl).port,
        GATEWAY_PORT: new URL(program.gatewayUrl).port,
      });
      await settled;
      await until(
        'everything runs',
        async () => (await gatewayServes()) && (await answers(program.adminUrl)),
      );
      expect([control, ...gateways].some((pid) => pid !== null && isRunning(pid))).toBe(false);
      await traffic.whole(3);
      await expectTheBooksToBalance();
      expect(await program.stop()).toMatchObject({ code: 0 });
    });

    /** As above, where the endless streams were ended by their clients. */
    async function expectTheBooksToBalanceAfterCancelling(): Promise<void> {
      for (const call of traffic.calls) if (call.endless && call.outcome === 'cut') call.endless = false;
      await expectTheBooksToBalance();
    }
  });
});

/** Whether the process behind an address says that it is ready. */
function answers(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    ({ status }) => status === 200,
    () => false,
  );
}

interface Call {
  readonly dialect: 'chat' | 'messages';
  readonly input: number;
  readonly output: number;
  /** Made to be in the middle of its answer when something is killed. */
  endless: boolean;
  /** Null until the head of the answer came. */
  requestId: string | null;
  outcome: 'open' | 'whole' | 'cut';
}

interface Traffic {
  readonly calls: readonly Call[];
  /** Sends requests that must be answered. */
  whole(count: number): Promise<void>;
  /**
   * Streams that are under way and whole requests in flight. Resolves once the streams have begun; the first of the two
   * resolves when all of them are over, the second ends the endless ones.
   */
  burst(): Promise<[Promise<unknown>, AbortController]>;
}

function createTraffic(gatewayUrl: () => string, key: string): Traffic {
  const calls: Call[] = [];
  let serial = 0;

  const send = (
    kind: { endless: boolean; streamed: boolean },
    signal?: AbortSignal,
  ): { call: Call; begun: Promise<void>; over: Promise<void> } => {
    serial++;
    const dialect = serial % 2 === 0 ? 'chat' : 'messages';
    const call: Call = {
      dialect,
      input: 1_000 + serial,
      output: 100 + serial,
      endless: kind.endless,
      requestId: null,
      outcome: 'open',
    };
    calls.push(call);
    const pace = kind.endless ? '[frames 5000 every 20ms]' : '[frames 6 every 4ms]';
    const body = {
      // The metered models speak chat completions only.
      model: dialect === 'chat' && serial % 4 === 0 ? METERED_MODEL : PLAN_MODEL,
      max_tokens: 100,
      stream: kind.streamed,
      messages: [{ role: 'user', content: `${pace}[tokens in=${call.input} out=${call.output}]` }],
    };
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const over = new Promise<void>((resolve) => {
      const finish = (outcome: 'whole' | 'cut'): void => {
        call.outcome = outcome;
        begin();
        resolve();
      };
      const path = dialect === 'chat' ? '/v1/chat/completions' : '/v1/messages';
      const request = httpRequest(
        `${gatewayUrl()}${path}`,
        {
          method: 'POST',
          agent: false,
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          ...(signal && { signal }),
        },
        (response) => {
          call.requestId = requestIdOf(response.headers);
          response.on('data', begin);
          response.once('end', () => finish(response.statusCode === 200 ? 'whole' : 'cut'));
          response.once('error', () => finish('cut'));
        },
      );
      request.once('error', () => finish('cut'));
      request.end(JSON.stringify(body));
    });
    return { call, begun, over };
  };

  return {
    calls,
    async whole(count) {
      for (let i = 0; i < count; i++) {
        const { call, over } = send({ endless: false, streamed: i % 2 === 0 });
        await over;
        expect(call.outcome, 'a request is answered').toBe('whole');
      }
    },
    async burst() {
      const controller = new AbortController();
      const endless = Array.from({ length: 4 }, () =>
        send({ endless: true, streamed: true }, controller.signal),
      );
      await Promise.all(endless.map(({ begun }) => begun));
      const short = Array.from({ length: 12 }, (_, i) => send({ endless: false, streamed: i % 3 !== 0 }));
      await short[0]?.begun;
      return [Promise.all([...endless, ...short].map(({ over }) => over)), controller];
    },
  };
}

function requestIdOf(headers: IncomingHttpHeaders): string | null {
  const id = headers['x-request-id'];
  return typeof id === 'string' ? id : null;
}

interface Subscriber {
  /** Ids of the events it has seen, in order. */
  readonly seen: ReadonlySet<string>;
  readonly listening: Promise<unknown>;
  heard(count: number): Promise<unknown>;
  stop(): Promise<void>;
}

/** Follows usage across every break, each time from the last cursor it has, and from nowhere else. */
function startSubscriber(program: () => Switchyard): Subscriber {
  const seen = new Set<string>();
  let cursor: string | null = null;
  let stopped = false;
  let sockets = 0;
  let end = (): void => undefined;
  const run = async (): Promise<void> => {
    while (!stopped) {
      const client = liveClient(program());
      client.on('connected', () => sockets++);
      const events = follow(
        client,
        'subscription ($after: String) { usageRecorded(after: $after) { cursor event { id } } }',
        { after: cursor },
      );
      const taken = new Set<number>();
      const take = (): void => {
        for (let i = taken.size; i < events.messages.length; i++) {
          const { usageRecorded } = events.messages[i];
          ({ cursor } = usageRecorded);
          seen.add(usageRecorded.event.id);
          taken.add(i);
        }
      };
      let over = false;
      end = () => (over = true);
      void events.completed.then(end, end);
      await until('the subscription ends', () => (take(), over || stopped), 600_000);
      take();
      events.stop();
      await client.dispose();
    }
  };
  const running = run();
  return {
    seen,
    listening: until('the subscriber is connected', () => sockets > 0),
    heard: (count) => until(`${count} events were heard`, () => seen.size >= count),
    async stop() {
      stopped = true;
      await running;
    },
  };
}
