/** A file whose content is sealed at rest and replaced as a whole: a reader sees the old text or the new, never half. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Vault } from './vault.js';

const MODE = 0o600;

export interface SealedFile {
  write(text: string): Promise<void>;
  /** Null when there is no file yet; throws VaultError when it was sealed with another key or damaged. */
  read(): Promise<string | null>;
  readonly path: string;
}

export function createSealedFile(path: string, purpose: string, vault: Vault): SealedFile {
  const binding = { workspaceId: '', subjectId: purpose, purpose: 'file' };
  return {
    path,
    async write(text) {
      const temporary = `${path}.${process.pid}.tmp`;
      await writeFile(temporary, vault.seal(text, binding), { mode: MODE });
      await rename(temporary, path);
    },
    async read() {
      try {
        return vault.open(await readFile(path, 'utf8'), binding);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
  };
}
