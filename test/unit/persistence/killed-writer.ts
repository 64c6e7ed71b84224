/** Writes to a database until it is killed, and says on standard output what was committed. */
import { systemClock } from '../../../src/domain/clock.js';
import { openDatabase } from '../../../src/persistence/database.js';
import { quietLogger } from '../../support/database.js';

/** Each transaction writes two rows; its number is printed once it is committed. */
export async function main(dataDir: string): Promise<void> {
  const database = await openDatabase({
    databaseUrl: null,
    dataDir,
    logger: quietLogger,
    clock: systemClock,
  });
  for (let number = 0; ; number++) {
    await database.transaction(async (sql) => {
      for (const half of ['a', 'b']) {
        await sql.query(`INSERT INTO workspace (id, slug, name, created_at) VALUES ($1, $1, '', now())`, [
          `${number}-${half}`,
        ]);
      }
    });
    process.stdout.write(`${number}\n`);
  }
}
