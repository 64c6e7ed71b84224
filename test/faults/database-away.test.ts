/** A database that is away delays bookkeeping and administration, never an agent. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainRequest, type PlainAnswer } from '../support/http-client.js';
import { postgresIsInstalled, startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';
import { connect, makeKey, recordedEvents, sumsOf, sumsOfTotals, usageReport } from '../support/operator.js';
import { createInstallation, freePort, type Installation, type Switchyard } from '../support/switchyard.js';
import { until } from '../support/wait.js';

const MODEL = 'zai/glm-5.1';
const BACK_DEADLINE_MS = 30_000;

describe.skipIf(!postgresIsInstalled)('with PostgreSQL away', () => {
  let postgres: PostgresServer;
  let zai: SimulatedProvider;
  let installation: Installation;
  let program: Switchyard;
  let key: string;
  const requestIds: unknown[] = [];

  beforeAll(async () => {
    postgres = await startPostgres();
    zai = await startSimulatedProvider('zai');
    // Fixed ports: the second start happens while the control process cannot say where it listens.
    installation = await createInstallation({
      DATABASE_URL: await postgres.createDatabase(),
      ADMIN_PORT: String(await freePort()),
      GATEWAY_PORT: String(await freePort()),
    });
    program = await installation.start();
    await connect(program, zai, 'coding-plan');
    key = (await makeKey(program)).plaintext;
    await call();
  });
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
    await postgres?.[Symbol.asyncDispose]();
    await zai?.close();
  });

  async function call(stream = false): Promise<PlainAnswer> {
    const answer = await plainRequest(`${program.gatewayUrl}/v1/chat/completions`, {
      headers: { authorization: `Bearer ${key}` },
      body: { model: MODEL, stream, messages: [{ role: 'user', content: '[frames 3][tokens in=10 out=3]' }] },
    });
    expect(answer).toMatchObject({ status: 200, broken: false });
    requestIds.push(answer.headers['x-request-id']);
    return answer;
  }

  /** The database is back: all that was served is recorded, once. */
  async function expectEverythingRecordedOnce(): Promise<void> {
    const events = await recordedEvents(program, (found) => found.length >= requestIds.length);
    expect(events.map(({ requestId }) => requestId).toSorted()).toEqual(requestIds.toSorted());
    expect(events.every(({ status }) => status === 'OK')).toBe(true);
    const { totals } = await usageReport(program, { interval: 'TOTAL' });
    expect(sumsOfTotals(totals)).toEqual(sumsOf(events));
  }

  it('the gateway serves on, the admin API says what is wrong, and usage is recorded once it is back', async () => {
    await postgres.kill9();
    const health = await until('the admin API notices', async () => {
      const answer = await plainRequest(`${program.adminUrl}/readyz`);
      return answer.status === 503 && answer;
    });
    expect(health.json()).toMatchObject({
      state: 'UNHEALTHY',
      checks: expect.arrayContaining([expect.objectContaining({ name: 'database', state: 'UNHEALTHY' })]),
    });
    for (let i = 0; i < 4; i++) await call(i % 2 === 0);
    expect((await plainRequest(`${program.gatewayUrl}/readyz`)).status).toBe(200);
    const refused = await program.api.send('{ connections { totalCount } }');
    expect([refused.status, refused.errors[0]?.extensions['code']]).toEqual([503, 'SERVICE_UNAVAILABLE']);

    await postgres.start();
    await until(
      'the admin API has recovered',
      async () => (await plainRequest(`${program.adminUrl}/readyz`)).status === 200,
      BACK_DEADLINE_MS,
    );
    await expectEverythingRecordedOnce();
  });

  it('the program starts from its last snapshot, serves, and catches up once it is back', async () => {
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    await postgres.kill9();
    program = await installation.start();
    for (let i = 0; i < 4; i++) await call(i % 2 === 0);
    expect(program.stderr()).toContain('cannot be reached');

    await postgres.start();
    await expectEverythingRecordedOnce();
    await call();
    await expectEverythingRecordedOnce();
  });
});
