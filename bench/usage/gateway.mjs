/** A gateway as far as the journal goes: ends requests at a fixed rate until told to stop. */
import { systemClock as clock } from '../../dist/src/domain/clock.js';
import { createJournalWriter } from '../../dist/src/journal/writer.js';
import { createLogger } from '../../dist/src/observability/logger.js';
import { request } from './traffic.mjs';

const TICK_MS = 5;
const [directory, workspaceId, perSecond] = process.argv.slice(2);
const logger = createLogger({ level: 'silent', role: 'bench' });
const writer = createJournalWriter({ directory, clock, logger });
const from = performance.now();
let ended = 0;

const timer = setInterval(() => {
  const due = ((performance.now() - from) / 1_000) * Number(perSecond);
  for (; ended < due; ended++) for (const record of request(workspaceId, clock.now())) writer.append(record);
}, TICK_MS);

process.once('message', () => {
  clearInterval(timer);
  writer.close();
  process.send({ ended }, () => process.disconnect());
});
