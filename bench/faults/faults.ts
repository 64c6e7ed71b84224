/** What `run.mjs` does, on the harness of test/faults. */
import { newChance } from '../../test/faults/harness/random.js';
import { killAtRandom, type RoundReport } from '../../test/faults/harness/rounds.js';
import { openScene, VICTIMS, type Scene, type Victim } from '../../test/faults/harness/scene.js';

export interface FaultsOptions {
  readonly rounds: number;
  readonly agents: number;
  /** How long the database is away in the end. */
  readonly awayMs: number;
  readonly seed: number | undefined;
  readonly victims: readonly string[] | null;
  /** A PostgreSQL of its own instead of the embedded database. */
  readonly real: boolean;
}

/** Answers the exit code. */
export async function main(options: FaultsOptions): Promise<number> {
  const chance = newChance(options.seed);
  const [first, ...rest] = VICTIMS.filter(
    (victim) => (options.real || victim !== 'database') && (options.victims?.includes(victim) ?? true),
  );
  console.log(`seed ${chance.seed}; replay with --seed ${chance.seed}`);
  const scene = await openScene({ real: options.real });
  try {
    const startedAt = performance.now();
    const kills = await killAtRandom(scene, {
      rounds: options.rounds,
      chance,
      victims: [first ?? 'gateway', ...rest],
      agents: options.agents,
      killWithinMs: 1_500,
      awayMaxMs: 3_000,
      onRound: printRound,
    });
    const problems = kills.length > 0 ? kills : await withDatabaseAway(scene, options);
    const all = problems.length > 0 ? problems : await scene.auditAll();
    for (const problem of all) console.error(problem);
    if (all.length > 0) console.error(scene.program.stderr().split('\n').slice(-LOG_LINES_SHOWN).join('\n'));
    const { traffic, subscriber } = scene;
    const whole = traffic.calls.filter(({ outcome }) => outcome === 'whole').length;
    console.log(
      `${options.rounds} rounds in ${Math.round((performance.now() - startedAt) / 1_000)} s: ${traffic.calls.length} calls, ` +
        `${whole} answered whole, ${subscriber.events.size} events, ${subscriber.resumed} resumed subscriptions, ` +
        `${all.length} problems`,
    );
    return all.length > 0 ? 1 : 0;
  } finally {
    await scene[Symbol.asyncDispose]();
  }
}

const LOG_LINES_SHOWN = 40;
const CATCH_UP_POLL_MS = 100;
const CATCH_UP_MAX_MS = 120_000;

async function withDatabaseAway(scene: Scene, { real, awayMs, agents }: FaultsOptions): Promise<string[]> {
  if (!real || awayMs === 0) return [];
  await scene.serves();
  const load = scene.traffic.load(agents);
  await scene.postgres?.stop();
  await new Promise((resolve) => setTimeout(resolve, awayMs));
  await load.stop();
  await scene.postgres?.start();
  const backAt = performance.now();
  const waiting = new Set(scene.traffic.calls.map(({ requestId }) => requestId));
  waiting.delete(null);
  const take = (): void => {
    for (const { requestId } of scene.subscriber.events.values()) waiting.delete(requestId);
  };
  take();
  const had = waiting.size;
  const secondsSince = (): string => ((performance.now() - backAt) / 1_000).toFixed(1);
  let recordedAfter: string | null = null;
  while (waiting.size > 0 && performance.now() - backAt < CATCH_UP_MAX_MS) {
    await new Promise((resolve) => setTimeout(resolve, CATCH_UP_POLL_MS));
    if (recordedAfter === null && (await recorderLag(scene)) === 0) recordedAfter = secondsSince();
    take();
  }
  console.log(
    `database away for ${awayMs / 1_000} s: ${load.answered} answered, ${had} events behind when it came back, ` +
      `recorded ${recordedAfter ?? '?'} s later, told to the subscriber ${secondsSince()} s later`,
  );
  return scene.audit();
}

/** Records that are not in the database yet; null while the admin listener does not say. */
async function recorderLag({ program }: Scene): Promise<number | null> {
  const page = await fetch(`${program.adminUrl}/metrics`).then(
    (answer) => answer.text(),
    () => '',
  );
  const found = /^switchyard_recorder_lag_records (\d+)$/m.exec(page);
  return found ? Number(found[1]) : null;
}

function printRound({ round, victim, afterMs, awayMs, answered, problems }: RoundReport): void {
  const away = awayMs > 0 ? `, away ${awayMs} ms` : '';
  console.log(
    `${String(round).padStart(3)}  ${(victim satisfies Victim).padEnd(10)} after ${afterMs} ms${away}: ` +
      `${answered} answered, ${problems.length === 0 ? 'books balance' : 'PROBLEMS'}`,
  );
}
