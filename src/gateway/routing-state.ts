/** The routing table in force: loaded from the sealed snapshot file, swapped as a whole whenever a newer one is there. */
import { stat } from 'node:fs/promises';
import type { Logger } from '../observability/logger.js';
import { SNAPSHOT_FORMAT, type RoutingSnapshot } from '../routing/snapshot.js';
import { compileTable, type RoutingTable } from '../routing/table.js';
import type { SealedFile } from '../secrets/sealed-file.js';

// The control process says when there is a new snapshot; looking by itself as well makes a lost word cost no more
// than this, which keeps the promise that a revoked key stops within a second.
const LOOK_INTERVAL_MS = 400;

export interface RoutingState {
  /** Null until the first snapshot was read. */
  table(): RoutingTable | null;
  /** Reads the file again if it changed. */
  refresh(): Promise<void>;
  close(): void;
}

export interface RoutingStateOptions {
  readonly file: SealedFile;
  readonly logger: Logger;
  readonly onChange?: (table: RoutingTable) => void;
}

export async function openRoutingState({
  file,
  logger,
  onChange,
}: RoutingStateOptions): Promise<RoutingState> {
  let table: RoutingTable | null = null;
  let seen = '';
  let reading: Promise<void> | null = null;

  const read = async (): Promise<void> => {
    const found = await stat(file.path).catch(() => null);
    const mark = found ? `${found.mtimeMs}:${found.ino}:${found.size}` : '';
    if (mark === seen) return;
    // Marked as seen before it is read: one that cannot be opened is said once, not with every look.
    seen = mark;
    const text = await file.read();
    if (text === null) return;
    const snapshot = JSON.parse(text) as RoutingSnapshot;
    if (snapshot.format !== SNAPSHOT_FORMAT) {
      logger.warn({ format: snapshot.format }, 'snapshot of another format ignored; waiting for a fresh one');
      return;
    }
    if (table && snapshot.version <= table.version) return;
    table = compileTable(snapshot);
    logger.debug({ version: table.version, keys: table.keys.size }, 'routing snapshot in force');
    onChange?.(table);
  };
  const look = (): Promise<void> => {
    reading ??= read()
      .catch((error: unknown) => logger.error({ err: error }, 'the routing snapshot could not be read'))
      .finally(() => {
        reading = null;
      });
    return reading;
  };
  // A reading that is under way may have begun before the change it is asked for.
  const refresh = (): Promise<void> => (reading ? reading.then(look) : look());

  await refresh();
  const timer = setInterval(() => void look(), LOOK_INTERVAL_MS);
  timer.unref();
  return { table: () => table, refresh, close: () => clearInterval(timer) };
}
