/** The directory under which everything local is kept, and the secret files in it. */
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StartupError } from '../domain/errors.js';

/** Creates the directory, for its owner only, and proves that it can be written. */
export async function prepareDataDirectory(dataDir: string): Promise<void> {
  const probe = join(dataDir, `.probe-${randomUUID()}`);
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await writeFile(probe, '', { mode: 0o600, flag: 'wx' });
    await unlink(probe);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new StartupError(
      `${dataDir} cannot be written (${reason}): make it writable, or set DATA_DIR to a directory that is.`,
      { cause },
    );
  }
}

/**
 * The text of a secret file, made at the first call. Whoever loses a race for making it gets the winner's value; a crash
 * leaves either no file or a whole one.
 */
export async function readOrCreateSecretFile(
  path: string,
  make: () => string,
): Promise<{ value: string; created: boolean }> {
  const existing = await readSecretFile(path);
  if (existing !== null) return { value: existing, created: false };
  const value = make();
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeDurably(draft, `${value}\n`);
    // Unlike a rename, a link never replaces what another process has put there meanwhile.
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readOrCreateSecretFile(path, make);
  } finally {
    await unlink(draft).catch(() => undefined);
  }
  await syncDirectory(dirname(path));
  return { value, created: true };
}

/** The text of a secret file; null when there is none. */
export async function readSecretFile(path: string): Promise<string | null> {
  try {
    const value = (await readFile(path, 'utf8')).trim();
    if (value === '') throw new StartupError(`${path} is empty: restore it from a backup, or delete it.`);
    return value;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
