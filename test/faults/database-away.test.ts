/** A database that is away delays bookkeeping and administration, never an agent. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainRequest } from '../support/http-client.js';
import { postgresIsInstalled } from '../support/postgres-server.js';
import type { Switchyard } from '../support/switchyard.js';
import { until } from '../support/wait.js';
import { openScene, type Scene } from './harness/scene.js';

const AGENTS = 4;
/** Enough that the backlog is several batches of the recorder. */
const ANSWERED_WHILE_AWAY = 600;
const BACK_DEADLINE_MS = 30_000;

/** How far the recorder is behind, as metrics and health say. */
async function lagOf({ adminUrl }: Switchyard) {
  const { text } = await plainRequest(`${adminUrl}/metrics`, {});
  const figure = (name: string): number =>
    Number(new RegExp(`^switchyard_recorder_lag_${name} (\\S+)$`, 'm').exec(text)?.[1]);
  const health: any = (await plainRequest(`${adminUrl}/readyz`, {})).json();
  const check = health.checks.find(({ name }: { name: string }) => name === 'usage-writer');
  return { records: figure('records'), seconds: figure('seconds'), check };
}

describe.skipIf(!postgresIsInstalled)('with PostgreSQL away', { timeout: 120_000 }, () => {
  let scene: Scene;

  beforeAll(async () => {
    // Two gateways, so that two journals are caught up with.
    scene = await openScene({ real: true, settings: { GATEWAY_WORKERS: '2' } });
  });
  afterAll(() => scene?.[Symbol.asyncDispose]());

  it('the gateway serves on under load, the admin API says what is wrong, and usage is recorded once it is back', async () => {
    const { program, postgres, traffic } = scene;
    const load = traffic.load(AGENTS);
    await until('agents are served', () => load.answered > AGENTS);
    await postgres?.stop();
    const health = await until('the admin API notices', async () => {
      const answer = await plainRequest(`${program.adminUrl}/readyz`);
      return answer.status === 503 && answer;
    });
    expect(health.json()).toMatchObject({
      state: 'UNHEALTHY',
      checks: expect.arrayContaining([expect.objectContaining({ name: 'database', state: 'UNHEALTHY' })]),
    });
    expect((await plainRequest(`${program.gatewayUrl}/readyz`)).status).toBe(200);
    const refused = await program.api.send('{ connections { totalCount } }');
    expect([refused.status, refused.errors[0]?.extensions['code']]).toEqual([503, 'SERVICE_UNAVAILABLE']);
    const had = load.answered;
    await until('a backlog is there', () => load.answered > had + ANSWERED_WHILE_AWAY, BACK_DEADLINE_MS);
    const behind = await lagOf(program);
    expect(behind.records).toBeGreaterThan(ANSWERED_WHILE_AWAY);
    expect(behind.seconds).toBeGreaterThan(0);
    expect(behind.check).toMatchObject({
      state: 'DEGRADED',
      message: expect.stringMatching(/^\d+ records behind by \d+ s\.$/),
    });

    await postgres?.start();
    await scene.serves();
    await load.stop();
    expect(traffic.calls.filter(({ outcome }) => outcome !== 'whole')).toEqual([]);
    expect(await scene.audit()).toEqual([]);
    await until('nothing is behind', async () => (await lagOf(program)).records === 0);
    expect(await lagOf(program)).toMatchObject({ seconds: 0, check: { state: 'HEALTHY', message: null } });
  });

  it('the program starts from its last snapshot, serves, and catches up once it is back', async () => {
    expect(await scene.program.stop()).toEqual({ code: 0, signal: null });
    await scene.postgres?.kill9();
    await scene.restart();
    await scene.traffic.whole(4);
    expect(scene.program.stderr()).toContain('cannot be reached');

    await scene.postgres?.start();
    await scene.serves();
    await scene.traffic.whole(1);
    expect(await scene.auditAll()).toEqual([]);
  });
});
