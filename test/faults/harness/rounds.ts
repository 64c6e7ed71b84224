/** Rounds of load in which something is killed at a moment that chance picks. */
import type { Chance } from './random.js';
import type { Scene, Victim } from './scene.js';

export interface RoundsOptions {
  readonly rounds: number;
  readonly chance: Chance;
  readonly victims: readonly [Victim, ...Victim[]];
  readonly agents: number;
  /** Most time from the first answer to the kill, and most time a database stays away. */
  readonly killWithinMs: number;
  readonly awayMaxMs: number;
  readonly onRound?: (report: RoundReport) => void;
}

export interface RoundReport {
  readonly round: number;
  readonly victim: Victim;
  readonly afterMs: number;
  readonly awayMs: number;
  readonly answered: number;
  readonly problems: readonly string[];
}

/** Kills round after round; stops at the first whose books do not balance, and answers what is wrong. */
export async function killAtRandom(scene: Scene, options: RoundsOptions): Promise<readonly string[]> {
  const { rounds, chance, victims, agents, killWithinMs, awayMaxMs } = options;
  for (let round = 1; round <= rounds; round++) {
    const victim = chance.oneOf(victims);
    const afterMs = chance.below(killWithinMs);
    const awayMs = victim === 'database' ? chance.below(awayMaxMs) : 0;
    await scene.serves();
    const load = scene.traffic.load(agents);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await scene.kill(victim, awayMs);
    await scene.serves();
    await load.stop();
    const problems = await scene.audit();
    options.onRound?.({ round, victim, afterMs, awayMs, answered: load.answered, problems });
    if (problems.length > 0) return [`seed ${chance.seed}, round ${round} (${victim}):`, ...problems];
  }
  return [];
}
