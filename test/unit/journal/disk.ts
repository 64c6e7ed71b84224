/** The real file system with a kernel that forgets: what was not synced is gone after a crash, and writes can be refused. */
import { existsSync, rmSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemFiles, type JournalFiles } from '../../../src/journal/files.js';

export interface SimulatedDisk {
  readonly files: JournalFiles;
  /** Bytes it still takes before it is full. */
  room: number;
  writes: number;
  syncs: number;
  /** While set, a sync beside the event loop does not come back. */
  stuck: Promise<void> | null;
  /** Bytes that a crash would take. */
  unsyncedBytes(): number;
  /** Whether a crash now would take nothing: bytes and names are safe. */
  isSafe(): boolean;
  /** The host loses power: unsynced bytes, and files and folders whose names were not synced, are gone. */
  crash(): void;
}

export function simulatedDisk(): SimulatedDisk {
  const pathOf = new Map<number, string>();
  const written = new Map<string, number>();
  const synced = new Map<string, number>();
  /** Folders with the files in them whose names are safe. */
  const named = new Set<string>();
  const nameFiles = (folder: string): void => {
    named.add(folder);
    for (const path of written.keys()) if (dirname(path) === folder) named.add(path);
  };
  const disk: SimulatedDisk = {
    room: Infinity,
    writes: 0,
    syncs: 0,
    stuck: null,
    files: {
      ...systemFiles,
      create(path) {
        const fd = systemFiles.create(path);
        pathOf.set(fd, path);
        written.set(path, 0);
        return fd;
      },
      write(fd, bytes, position) {
        disk.writes++;
        if (disk.room <= 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        const count = systemFiles.write(fd, bytes.subarray(0, Math.min(bytes.length, disk.room)), position);
        disk.room -= count;
        const path = pathOf.get(fd) ?? '';
        written.set(path, Math.max(written.get(path) ?? 0, position + count));
        return count;
      },
      async sync(fd) {
        disk.syncs++;
        const path = pathOf.get(fd) ?? '';
        const length = written.get(path) ?? 0;
        await disk.stuck;
        await systemFiles.sync(fd);
        synced.set(path, length);
      },
      syncNow(fd) {
        disk.syncs++;
        systemFiles.syncNow(fd);
        const path = pathOf.get(fd) ?? '';
        synced.set(path, written.get(path) ?? 0);
      },
      async syncFolder(path) {
        await systemFiles.syncFolder(path);
        nameFiles(path);
      },
      syncFolderNow(path) {
        systemFiles.syncFolderNow(path);
        nameFiles(path);
      },
    },
    unsyncedBytes: () =>
      [...written].reduce((sum, [path, length]) => sum + length - (synced.get(path) ?? 0), 0),
    isSafe: () =>
      disk.unsyncedBytes() === 0 &&
      [...written.keys()].every((path) => named.has(path) && named.has(dirname(dirname(path)))),
    crash() {
      for (const path of written.keys()) {
        const journal = dirname(dirname(path));
        if (!existsSync(path)) continue;
        if (!named.has(path) || !named.has(journal)) rmSync(path);
        else truncateSync(path, synced.get(path) ?? 0);
      }
    },
  };
  return disk;
}
