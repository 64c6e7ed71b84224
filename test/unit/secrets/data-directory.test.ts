import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StartupError } from '../../../src/domain/errors.js';
import { prepareDataDirectory, readOrCreateSecretFile } from '../../../src/secrets/data-directory.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'switchyard-test-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

test('a missing data directory is made for its owner only, and nothing is left in it', async () => {
  const dataDir = join(directory, 'a', 'b');
  await prepareDataDirectory(dataDir);
  await prepareDataDirectory(dataDir);
  expect(await modeOf(dataDir)).toBe('700');
  expect(await readdir(dataDir)).toEqual([]);
});

test('a data directory that cannot be is refused with one line that names it and the setting', async () => {
  const file = join(directory, 'file');
  await writeFile(file, '');
  for (const dataDir of [file, join(file, 'below')]) {
    const refused = prepareDataDirectory(dataDir);
    await expect(refused).rejects.toThrow(StartupError);
    await expect(refused).rejects.toThrow(
      new RegExp(`^${dataDir} cannot be written [^\\n]*DATA_DIR[^\\n]*$`),
    );
  }
});

test('a secret file is made once, for its owner only', async () => {
  const path = join(directory, 'secret');
  expect(await readOrCreateSecretFile(path, () => 'first')).toEqual({ value: 'first', created: true });
  expect(await readOrCreateSecretFile(path, () => 'second')).toEqual({ value: 'first', created: false });
  expect(await modeOf(path)).toBe('600');
  expect(await readdir(directory)).toEqual(['secret']);
});

test('all who race to make a secret file get the same value, and one of them has made it', async () => {
  const path = join(directory, 'secret');
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, i) => readOrCreateSecretFile(path, () => `value ${i}`)),
  );
  expect(new Set(results.map(({ value }) => value)).size).toBe(1);
  expect(results.filter(({ created }) => created)).toHaveLength(1);
  expect(await readdir(directory)).toEqual(['secret']);
});

test('an empty secret file is not taken for a secret', async () => {
  const path = join(directory, 'secret');
  await writeFile(path, '\n');
  await expect(readOrCreateSecretFile(path, () => 'new')).rejects.toThrow(StartupError);
});
