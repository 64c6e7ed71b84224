/**
 * Faults at length: kills at random moments under load, and a database that is away for a minute. After each, what agents
 * were told, what was recorded, what was summed up and what a subscriber saw have to be the same.
 *
 * Options: --rounds N (50), --agents N (8), --away SECONDS (60), --seed N (random), --embedded, --victims a,b (all).
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    agents: { type: 'string', default: '8' },
    away: { type: 'string', default: '60' },
    seed: { type: 'string' },
    victims: { type: 'string' },
    embedded: { type: 'boolean', default: false },
  },
});
// The harness is the tests' own, in TypeScript.
const { module } = await runnerImport(fileURLToPath(new URL('./faults.ts', import.meta.url)), {
  root: fileURLToPath(new URL('../..', import.meta.url)),
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
