/** What the journal's writer asks of the file system, in one place so that tests can be the disk. */
import { closeSync, fdatasync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface JournalFiles {
  /** Makes a file that must not be there yet. */
  create(path: string): number;
  /** Bytes written, which may be fewer than given. */
  write(fd: number, bytes: Buffer, position: number): number;
  truncate(fd: number, length: number): void;
  close(fd: number): void;
  /** Resolves once everything written to the file so far outlives the machine. */
  sync(fd: number): Promise<void>;
  /** As above, and waits for it. */
  syncNow(fd: number): void;
  /** As {@link sync}, for the names of the files in a folder. */
  syncFolder(path: string): Promise<void>;
  syncFolderNow(path: string): void;
}

export const systemFiles: JournalFiles = {
  create: (path) => openSync(path, 'wx', 0o600),
  write: (fd, bytes, position) => writeSync(fd, bytes, 0, bytes.length, position),
  truncate: ftruncateSync,
  close: closeSync,
  sync: promisify(fdatasync),
  syncNow: fdatasyncSync,
  async syncFolder(path) {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  syncFolderNow(path) {
    const fd = openSync(path, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  },
};
