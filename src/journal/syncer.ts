/**
 * When what was written to the journal is made to outlive the machine, and when its files are closed for that.
 *
 * `off` leaves it to the kernel, `interval` asks for it beside the event loop, `each` waits for it whenever a request
 * has ended.
 */
import { dirname } from 'node:path';
import type { Config } from '../config/config.js';
import type { Logger } from '../observability/logger.js';
import type { JournalFiles } from './files.js';

export type SyncPolicy = Config['journal']['fsync'];

export interface SyncerOptions {
  readonly policy: SyncPolicy;
  readonly intervalMs: number;
  readonly files: JournalFiles;
  readonly logger: Logger;
}

export interface Syncer {
  /** A file was made, of which nothing outlives the machine yet. */
  opened(fd: number, path: string): void;
  written(fd: number): void;
  /** Under `each`, returns once everything written to the file outlives the machine. */
  settle(fd: number): void;
  /** Nothing more is written to the file; it is closed once it is safe. */
  retire(fd: number): void;
  /** Makes everything safe before it returns, unless the policy is `off`. */
  close(): void;
  /** How often the disk said that it could not. */
  readonly failures: number;
}

interface OpenFile {
  readonly fd: number;
  readonly folder: string;
  /** Writes so far, and how many of them are safe. */
  writes: number;
  safeWrites: number;
  /** Whether its name is safe. */
  named: boolean;
  retired: boolean;
  syncing: boolean;
}

export function createSyncer({ policy, intervalMs, files, logger }: SyncerOptions): Syncer {
  const open = new Map<number, OpenFile>();
  let timer: NodeJS.Timeout | null = null;
  let failures = 0;
  let lastFailed = false;

  const isSafe = ({ writes, safeWrites }: OpenFile): boolean => writes === safeWrites;

  const settled = (file: OpenFile, writes: number, error: unknown): void => {
    // A disk that lost bytes says so once, and asking again would make it seem that they are safe: no second try.
    file.safeWrites = Math.max(file.safeWrites, writes);
    file.named = true;
    if (error !== null) failures++;
    if (error !== null && !lastFailed)
      logger.error({ err: error }, 'the disk does not confirm the usage journal; a host crash may lose it');
    lastFailed = error !== null;
  };

  const closeFile = (file: OpenFile): void => {
    open.delete(file.fd);
    files.close(file.fd);
  };

  const sync = async (file: OpenFile): Promise<void> => {
    const { writes, named } = file;
    file.syncing = true;
    try {
      await files.sync(file.fd);
      if (!named) await files.syncFolder(file.folder);
      settled(file, writes, null);
    } catch (error) {
      settled(file, writes, error);
    }
    file.syncing = false;
    if (file.retired && isSafe(file)) closeFile(file);
    else if (file.retired) void sync(file);
  };

  const syncNow = (file: OpenFile): void => {
    if (isSafe(file)) return;
    try {
      files.syncNow(file.fd);
      if (!file.named) files.syncFolderNow(file.folder);
      settled(file, file.writes, null);
    } catch (error) {
      settled(file, file.writes, error);
    }
  };

  const round = async (): Promise<void> => {
    await Promise.all([...open.values()].filter((file) => !isSafe(file) && !file.syncing).map(sync));
    timer = null;
    if (![...open.values()].every(isSafe)) arm();
  };
  const arm = (): void => {
    timer ??= setTimeout(() => void round(), intervalMs).unref();
  };

  return {
    get failures() {
      return failures;
    },
    opened(fd, path) {
      open.set(fd, {
        fd,
        folder: dirname(path),
        writes: 0,
        safeWrites: 0,
        named: false,
        retired: false,
        syncing: false,
      });
    },
    written(fd) {
      const file = open.get(fd);
      if (!file || policy === 'off') return;
      file.writes++;
      arm();
    },
    settle(fd) {
      const file = open.get(fd);
      if (file && policy === 'each') syncNow(file);
    },
    retire(fd) {
      const file = open.get(fd);
      if (!file) return;
      file.retired = true;
      if (file.syncing) return;
      if (isSafe(file)) closeFile(file);
      else void sync(file);
    },
    close() {
      if (timer) clearTimeout(timer);
      for (const file of open.values()) {
        syncNow(file);
        file.retired = true;
        // One that the disk is busy with is closed when it is done.
        if (!file.syncing) closeFile(file);
      }
    },
  };
}
