import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDirectory, type DirectoryLock } from '../../../src/persistence/directory-lock.js';
import { startTypescriptProcess } from '../../support/typescript-process.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'switchyard-test-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** The locks that were given among several attempts at once. */
async function lockAtOnce(attempts: number): Promise<DirectoryLock[]> {
  const results = await Promise.allSettled(Array.from({ length: attempts }, () => lockDirectory(directory)));
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

test('a lock is given once, and again when it was released', async () => {
  const [lock, ...others] = await lockAtOnce(5);
  expect(lock).toBeDefined();
  expect(others).toEqual([]);
  await lock?.release();
  await (await lockDirectory(directory)).release();
});

test('a directory is the same by every path that leads to it', async () => {
  const lock = await lockDirectory(directory);
  const alias = `${directory}-alias`;
  await symlink(directory, alias);
  await expect(lockDirectory(alias)).rejects.toThrow(`process ${process.pid}`);
  await rm(alias);
  await lock.release();
});

test('the lock of a killed process is free, for exactly one of those who want it', async () => {
  {
    await using holder = startTypescriptProcess(new URL('./lock-holder.ts', import.meta.url), directory);
    expect(await holder.nextLine()).toBe('locked');
    await expect(lockDirectory(directory)).rejects.toThrow(`in use by process ${holder.pid}`);
  }
  const locks = await lockAtOnce(5);
  expect(locks).toHaveLength(1);
  await locks[0]?.release();
});
