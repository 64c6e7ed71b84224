/** What an operator has to know of this node's journal: told by its gateways, read off the disk, shown as health and figures. */
import { JOURNAL_FULLNESS_DEGRADED } from '../config/usage-limits.js';
import type { HealthCheckValue } from '../graphql/context.js';
import { listSegments } from '../journal/disk-use.js';
import type { JournalTrouble } from '../journal/writer.js';
import type { JournalFigures } from '../observability/journal-metrics.js';

export interface JournalWatchOptions {
  readonly directory: string;
  readonly maxBytes: number;
  /** Places that the reader could not read, since its start. */
  readonly damaged: () => number;
}

export interface JournalWatch {
  /** A gateway process, living or dead, said this of its part. */
  heard(pid: number, trouble: JournalTrouble): void;
  figures(): Promise<JournalFigures>;
  check(): Promise<HealthCheckValue>;
}

const MIB = 1024 * 1024;

export function createJournalWatch({ directory, maxBytes, damaged }: JournalWatchOptions): JournalWatch {
  const troubles = new Map<number, JournalTrouble>();

  const figures = async (): Promise<JournalFigures> => {
    const segments = await listSegments(directory);
    const all = [...troubles.values()];
    const sum = (of: (trouble: JournalTrouble) => number): number =>
      all.reduce((total, trouble) => total + of(trouble), 0);
    return {
      bytes: segments.reduce((total, { bytes }) => total + bytes, 0),
      uncommittedBytes: segments.reduce((total, { bytes, committed }) => total + (committed ? 0 : bytes), 0),
      failingGateways: sum(({ failing }) => Number(failing)),
      full: all.some(({ full }) => full),
      lostRecords: sum(({ dropped }) => dropped),
      lostSegments: sum(({ lostSegments }) => lostSegments),
      lostBytes: sum(({ lostBytes }) => lostBytes),
      syncFailures: sum(({ syncFailures }) => syncFailures),
      damaged: damaged(),
    };
  };

  return {
    heard: (pid, trouble) => void troubles.set(pid, trouble),
    figures,
    async check() {
      const now = await figures();
      const urgent = [
        now.failingGateways > 0 &&
          `${now.failingGateways} gateways cannot write usage; it waits in memory. Is the disk full?`,
        now.full && 'The journal has reached JOURNAL_MAX_BYTES, and its oldest usage is being deleted.',
      ];
      const flaws = [
        now.uncommittedBytes > maxBytes * JOURNAL_FULLNESS_DEGRADED &&
          `${Math.round(now.uncommittedBytes / MIB)} of ${Math.round(maxBytes / MIB)} MiB are in use.`,
        now.lostRecords > 0 && `${now.lostRecords} records were lost: the disk refused them.`,
        now.lostSegments > 0 &&
          `${now.lostSegments} segments (${Math.ceil(now.lostBytes / MIB)} MiB) were deleted unread.`,
        now.syncFailures > 0 && `The disk failed to confirm ${now.syncFailures} writes.`,
        now.damaged > 0 && `${now.damaged} places were damaged and skipped.`,
      ];
      const message = [...urgent, ...flaws].filter((text) => text !== false).join(' ');
      const state = urgent.some(Boolean) ? 'UNHEALTHY' : message === '' ? 'HEALTHY' : 'DEGRADED';
      return { name: 'usage-journal', state, latencyMs: null, message: message === '' ? null : message };
    },
  };
}
