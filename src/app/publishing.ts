/** Brings configuration into force: routing snapshots on disk, told to the gateways, waited for by whoever changed something. */
import { createSnapshotPublisher } from '../admin/snapshot-publisher.js';
import type { Clock } from '../domain/clock.js';
import type { Bus } from '../live/bus.js';
import type { Logger } from '../observability/logger.js';
import type { Database } from '../persistence/database.js';
import type { RoutingSnapshot } from '../routing/snapshot.js';
import type { SealedFile } from '../secrets/sealed-file.js';
import type { InForce } from './in-force.js';
import { report } from './messages.js';

export interface PublishingOptions {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly snapshotFile: SealedFile;
  /** Null on a node without gateways. */
  readonly inForce: InForce | null;
}

export interface Publishing {
  /** The newest snapshot; null before the first. */
  current(): RoutingSnapshot | null;
  /** Publishes what is in the database now. */
  publish(): Promise<void>;
  /** What a change waits for to be in force; one that cannot be published now is published later, and is no failure. */
  configInForce(): Promise<void>;
  close(): Promise<void>;
}

export async function startPublishing(options: PublishingOptions): Promise<Publishing> {
  const { database, bus, clock, logger, snapshotFile, inForce } = options;
  const snapshots = createSnapshotPublisher({
    database,
    bus,
    clock,
    logger,
    lastVersion: await lastVersion(snapshotFile, logger),
    async write(snapshot) {
      await snapshotFile.write(JSON.stringify(snapshot));
      report({ kind: 'snapshot', version: snapshot.version });
    },
  });
  const changed = async (): Promise<void> => {
    const { version } = await snapshots.publish();
    await inForce?.at(version);
  };
  return {
    current: snapshots.current,
    publish: async () => void (await snapshots.publish()),
    async configInForce() {
      const patience = new Promise<void>((resolve) => setTimeout(resolve, PUBLISH_PATIENCE_MS).unref());
      const published = changed().catch((error: unknown) =>
        logger.warn({ err: error }, 'a change is not in force yet'),
      );
      await Promise.race([published, patience]);
    },
    close: snapshots.close,
  };
}

/** Longer than a snapshot takes, shorter than an operator's patience. */
const PUBLISH_PATIENCE_MS = 1_000;

async function lastVersion(snapshotFile: SealedFile, logger: Logger): Promise<number> {
  try {
    const text = await snapshotFile.read();
    return text === null ? 0 : (JSON.parse(text) as RoutingSnapshot).version;
  } catch (error) {
    // It is about to be written anew; its version only has to lie below that of the next.
    logger.warn({ err: error }, 'the last routing snapshot could not be read');
    return 0;
  }
}
