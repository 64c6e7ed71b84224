/** What the control process says of its health: each part that can be in trouble, in an operator's words. */
import type { Clock } from '../domain/clock.js';
import type { HealthCheckValue } from '../graphql/context.js';
import type { Database } from '../persistence/database.js';
import type { Recorder } from '../usage/recorder.js';
import type { Retention } from '../usage/retention.js';
import type { JournalWatch } from './journal-watch.js';
import type { Nodes } from './nodes.js';

export interface CheckedParts {
  readonly database: Database;
  readonly recorder: Recorder;
  readonly journalWatch: JournalWatch;
  readonly retention: Retention;
  readonly nodes: Nodes;
  readonly clock: Clock;
}

export async function checkHealth(parts: CheckedParts): Promise<readonly HealthCheckValue[]> {
  return [
    await checkDatabase(parts.database, parts.clock),
    checkRecorder(parts.recorder),
    await parts.journalWatch.check(),
    checkRetention(parts.retention),
    ...parts.nodes.checks(),
  ];
}

async function checkDatabase(database: Database, clock: Clock): Promise<HealthCheckValue> {
  const startedAt = clock.monotonic();
  const latency = (): number => Math.round(clock.monotonic() - startedAt);
  try {
    await database.ping();
    return { name: 'database', state: 'HEALTHY', latencyMs: latency(), message: null };
  } catch {
    const message = 'The database does not answer. Requests are still served; usage is kept in the journal.';
    return { name: 'database', state: 'UNHEALTHY', latencyMs: latency(), message };
  }
}

/** Seconds behind at which subscribers notice. */
const RECORDER_LAG_DEGRADED_SECONDS = 5;

function checkRecorder(recorder: Recorder): HealthCheckValue {
  const { records, seconds, failing, refused } = recorder.lag();
  const behind = failing || seconds > RECORDER_LAG_DEGRADED_SECONDS;
  const message = behind
    ? `${records} records behind by ${Math.round(seconds)} s.`
    : refused > 0
      ? `${refused} refused events since the start; see the log.`
      : null;
  return { name: 'usage-writer', state: message === null ? 'HEALTHY' : 'DEGRADED', latencyMs: null, message };
}

function checkRetention({ trouble }: Retention): HealthCheckValue {
  return {
    name: 'usage-retention',
    state: trouble === null ? 'HEALTHY' : 'DEGRADED',
    latencyMs: null,
    message: trouble,
  };
}
