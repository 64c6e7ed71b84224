/** `rollups rebuild`: sums up the retained requests anew, or says where the stored sums differ from them. */
import { readConfig } from '../config/config.js';
import { systemClock } from '../domain/clock.js';
import { StartupError } from '../domain/errors.js';
import { createLogger } from '../observability/logger.js';
import { openDatabase } from '../persistence/database.js';
import { rebuildRollups } from '../persistence/usage-rebuild.js';

/** Ends the program with status 1 when `--check` finds a difference. */
export async function rollups(args: readonly string[]): Promise<void> {
  const [command, ...options] = args;
  if (command !== 'rebuild' || options.some((option) => option !== '--check'))
    throw new StartupError('The command is "switchyard rollups rebuild", with --check to only compare.');
  const checkOnly = options.length > 0;
  const config = readConfig();
  const database = await openDatabase({
    databaseUrl: config.databaseUrl,
    dataDir: config.dataDir,
    logger: createLogger({ level: config.logLevel, role: 'rollups' }),
    clock: systemClock,
  });
  try {
    let requests = 0;
    let differing = 0;
    for await (const day of rebuildRollups(database, { checkOnly })) {
      requests += day.requests;
      differing += day.differing;
      if (day.differing === 0) continue;
      process.stdout.write(
        `${new Date(day.day).toISOString().slice(0, 10)}: ${day.differing} sums differed\n`,
      );
      for (const { table, key } of day.examples) process.stdout.write(`  ${table} ${key}\n`);
    }
    if (differing > 0 && checkOnly) process.exitCode = 1;
    process.stdout.write(`${requests} requests summed up; ${outcome(differing, checkOnly)}\n`);
  } finally {
    await database.close();
  }
}

function outcome(differing: number, checkOnly: boolean): string {
  if (differing === 0) return 'the stored sums are equal.';
  return checkOnly ? `${differing} stored sums differ.` : `${differing} sums were put right.`;
}
