/** `kill -9` of anything, at any moment: what was answered is recorded once, what was cut off is recorded as that, nothing twice. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresIsInstalled } from '../support/postgres-server.js';
import { isRunning } from '../support/switchyard.js';
import { until } from '../support/wait.js';
import { newChance } from './harness/random.js';
import { killAtRandom } from './harness/rounds.js';
import { openScene, VICTIMS, type Scene } from './harness/scene.js';

/** Random rounds here; `npm run bench:faults` has many more. */
const ROUNDS = 2;
const AGENTS = 6;

let scene: Scene;

/** A scene for the tests of a block; they follow each other on it, as accidents do. */
function onScene(real: boolean): void {
  beforeAll(async () => {
    scene = await openScene({ real });
  });
  afterAll(() => scene?.[Symbol.asyncDispose]());
  beforeEach(() => scene.serves());
}

describe('on the embedded database, a kill -9', { timeout: 120_000 }, () => {
  onScene(false);

  it('of the control process is noticed by no agent, and loses and doubles nothing', async () => {
    const before = scene.program.processes().control;
    const burst = await scene.traffic.burst();
    await scene.kill('control');
    await scene.traffic.whole(5);
    burst.cancel();
    await burst.settled;
    const after = await until('a control process runs again', () => scene.program.processes().control);
    expect(after).not.toBe(before);
    expect(await scene.audit()).toEqual([]);
  });

  it('of the supervisor ends all of it, and a start right behind it goes on where it was', async () => {
    const { control, gateways } = scene.program.processes();
    const { settled } = await scene.traffic.burst();
    await scene.kill('supervisor');
    await settled;
    await scene.serves();
    expect([control, ...gateways].some((pid) => pid !== null && isRunning(pid))).toBe(false);
    await scene.traffic.whole(3);
    expect(await scene.auditAll()).toEqual([]);
    expect(await scene.program.stop()).toMatchObject({ code: 0 });
  });
});

describe.skipIf(!postgresIsInstalled)('on a real PostgreSQL, a kill -9', { timeout: 120_000 }, () => {
  onScene(true);

  it('of the gateway in the middle of streams loses and doubles nothing', async () => {
    const before = scene.program.processes().gateways;
    const { settled } = await scene.traffic.burst();
    await scene.kill('gateway');
    await settled;
    await until('the gateway serves again', scene.gatewayServes);
    expect(scene.program.processes().gateways).not.toEqual(before);
    await scene.traffic.whole(3);
    expect(await scene.audit()).toEqual([]);
  });

  it('of both, one right after the other, loses and doubles nothing', async () => {
    const { settled } = await scene.traffic.burst();
    await scene.kill('both');
    await settled;
    await until('the gateway serves again', scene.gatewayServes);
    await scene.traffic.whole(3);
    expect(await scene.audit()).toEqual([]);
  });

  it('of the supervisor ends the gateways, which nobody would count for or start again, and the journal holds what they did', async () => {
    const { control, gateways } = scene.program.processes();
    const { settled } = await scene.traffic.burst();
    await scene.program.kill9('supervisor');
    await settled;
    await until('its processes end by themselves', () =>
      [control, ...gateways].every((pid) => pid === null || !isRunning(pid)),
    );
    expect(await scene.gatewayServes()).toBe(false);
    await scene.restart();
    await scene.serves();
    await scene.traffic.whole(2);
    expect(await scene.audit()).toEqual([]);
  });

  it('of PostgreSQL is noticed by no agent, and loses and doubles nothing', async () => {
    const burst = await scene.traffic.burst();
    await scene.postgres?.kill9();
    await scene.traffic.whole(5);
    burst.cancel();
    await burst.settled;
    await scene.postgres?.start();
    await scene.traffic.whole(2);
    expect(await scene.audit()).toEqual([]);
  });

  it('of anything, some time under load, loses and doubles nothing; then everything is listed once', async () => {
    const chance = newChance();
    const problems = await killAtRandom(scene, {
      rounds: ROUNDS,
      chance,
      victims: VICTIMS,
      agents: AGENTS,
      killWithinMs: 500,
      awayMaxMs: 1_000,
    });
    expect(problems, `replay with FAULT_SEED=${chance.seed}`).toEqual([]);
    expect(await scene.auditAll()).toEqual([]);
    expect(scene.subscriber.resumed).toBeGreaterThan(0);
    expect(await scene.program.stop()).toMatchObject({ code: 0 });
  });
});
