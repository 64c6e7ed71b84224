/** `reprice`: prices requests that were recorded before their model's price was known. */
import { readConfig } from '../config/config.js';
import { systemClock } from '../domain/clock.js';
import { createLogger } from '../observability/logger.js';
import { openDatabase } from '../persistence/database.js';
import { repriceUsage } from '../usage/reprice.js';

export async function reprice(): Promise<void> {
  const config = readConfig();
  const database = await openDatabase({
    databaseUrl: config.databaseUrl,
    dataDir: config.dataDir,
    logger: createLogger({ level: config.logLevel, role: 'reprice' }),
    clock: systemClock,
  });
  try {
    const priced = await repriceUsage(database);
    process.stdout.write(`${priced} ${priced === 1 ? 'request' : 'requests'} priced.\n`);
  } finally {
    await database.close();
  }
}
