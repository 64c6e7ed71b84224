/**
 * Faults at length: kills at random moments under load, a database that is away for a minute, and the tests of a disk that is
 * full, a Redis that flaps and a clock that steps, as many times over. After each, what agents were told, what was recorded,
 * what was summed up and what a subscriber saw have to be the same.
 *
 * Options: --rounds N (50), --agents N (8), --away SECONDS (60), --times N (8), --seed N (random), --embedded, --victims a,b (all).
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    agents: { type: 'string', default: '8' },
    away: { type: 'string', default: '60' },
    times: { type: 'string', default: '8' },
    seed: { type: 'string' },
    victims: { type: 'string' },
    embedded: { type: 'boolean', default: false },
  },
});
const root = fileURLToPath(new URL('../..', import.meta.url));
// The harness is the tests' own, in TypeScript.
const { module } = await runnerImport(fileURLToPath(new URL('./faults.ts', import.meta.url)), {
  root,
  logLevel: 'error',
});
process.exitCode = await module.main({
  rounds: Number(values.rounds),
  agents: Number(values.agents),
  awayMs: Number(values.away) * 1_000,
  seed: values.seed === undefined ? undefined : Number(values.seed),
  victims: values.victims?.split(',') ?? null,
  real: !values.embedded,
});

if (values.times !== '0') {
  const tests = ['disk-full', 'redis-flapping', 'clock-steps'].map((name) => `test/faults/${name}.test.ts`);
  const { status } = spawnSync('npx', ['vitest', 'run', '--reporter=verbose', ...tests], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, FAULT_TIMES: values.times },
  });
  process.exitCode ||= status ?? 1;
}
