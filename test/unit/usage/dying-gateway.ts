/** Begins a request in the journal it is given and waits to be killed. */
import { pino } from 'pino';
import { systemClock } from '../../../src/domain/clock.js';
import { newId } from '../../../src/domain/ids.js';
import { createJournalWriter } from '../../../src/journal/writer.js';
import { requestRecord } from '../journal/records.js';

export async function main(directory: string): Promise<void> {
  const writer = createJournalWriter({ directory, clock: systemClock, logger: pino({ level: 'silent' }) });
  writer.append({
    kind: 'begin',
    request: { ...requestRecord('any'), id: newId('event', systemClock.now()) },
  });
  writer.flush();
  process.stdout.write('begun\n');
  await new Promise((resolve) => setInterval(resolve, 60_000));
}
