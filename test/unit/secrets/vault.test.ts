/** Sealing: what was sealed opens with its key, in its place, undamaged, and in no other way. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSealedFile } from '../../../src/secrets/sealed-file.js';
import {
  hashToken,
  makeAccessKey,
  makeAdminToken,
  maskSecret,
  previewToken,
} from '../../../src/secrets/tokens.js';
import { createVault, keyIdOf, VaultError } from '../../../src/secrets/vault.js';
import { makeTempDir } from '../../support/temp-dir.js';

const key = randomBytes(32);
const vault = createVault([key]);
const binding = { workspaceId: 'ws_1', subjectId: 'conn_1', purpose: 'connection.secret' };

describe('the vault', () => {
  it('opens what it sealed, never the same envelope twice, the plaintext nowhere in it', () => {
    for (const plaintext of ['', 'sk-secret', 'é'.repeat(5_000)]) {
      const sealed = vault.seal(plaintext, binding);
      expect(vault.open(sealed, binding)).toBe(plaintext);
      expect(vault.seal(plaintext, binding)).not.toBe(sealed);
      if (plaintext !== '') expect(sealed).not.toContain(plaintext);
    }
  });
  it.each([{ workspaceId: 'ws_2' }, { subjectId: 'conn_2' }, { purpose: 'other' }])(
    'does not open moved to %j',
    (moved) => {
      expect(() => vault.open(vault.seal('x', binding), { ...binding, ...moved })).toThrow(VaultError);
    },
  );
  it('does not open with any part damaged, cut short, or missing', () => {
    const parts = vault.seal('a secret', binding).split('.');
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] ?? '';
      const flipped = (part.startsWith('A') ? 'B' : 'A') + part.slice(1);
      for (const changed of ['', flipped, part.slice(0, -2), part.slice(0, 6)]) {
        if (changed === part) continue;
        expect(() => vault.open(parts.with(i, changed).join('.'), binding), `${i} ${changed}`).toThrow(
          VaultError,
        );
      }
      expect(() => vault.open(parts.slice(0, i).join('.'), binding)).toThrow(VaultError);
    }
  });
  it('opens what the previous key sealed, and seals with the new one', () => {
    const next = randomBytes(32);
    const rotated = createVault([next, key]);
    expect(rotated.open(vault.seal('x', binding), binding)).toBe('x');
    expect(rotated.keyId).toBe(keyIdOf(next));
    expect(() => vault.open(rotated.seal('x', binding), binding)).toThrow(/another key/);
    expect([rotated.knows(keyIdOf(key)), vault.knows(keyIdOf(next))]).toEqual([true, false]);
  });
  it('refuses keys of another length', () => {
    expect(() => createVault([randomBytes(16)])).toThrow(VaultError);
  });
});

describe('a sealed file', () => {
  it('is read back as written, replaced whole, private, and leaves nothing beside it', async () => {
    await using dir = await makeTempDir();
    const file = createSealedFile(join(dir.path, 'snapshot'), 'snapshot', vault);
    expect(await file.read()).toBeNull();
    for (const text of ['first', 'second']) {
      await file.write(text);
      expect(await file.read()).toBe(text);
    }
    expect(await readFile(file.path, 'utf8')).not.toContain('second');
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
    expect(await readdir(dir.path)).toEqual(['snapshot']);
    await expect(createSealedFile(file.path, 'another purpose', vault).read()).rejects.toThrow(VaultError);
    await expect(
      createSealedFile(file.path, 'snapshot', createVault([randomBytes(32)])).read(),
    ).rejects.toThrow(VaultError);
    await writeFile(file.path, '');
    await expect(file.read()).rejects.toThrow(VaultError);
  });
});

describe('tokens', () => {
  it('have their form, and are told apart by prefix and hash', () => {
    expect(makeAccessKey()).toMatch(/^sy_[\w-]{43}$/);
    expect(makeAdminToken()).toMatch(/^sya_[\w-]{43}$/);
    expect(hashToken('a')).toBe('ypeBEsobvcr6wjGzmiPcTaeG7_gUfE5yuYB3ha_uSLs');
  });
  it('show little of themselves', () => {
    const made = makeAccessKey();
    expect(previewToken(made)).toBe(`${made.slice(0, 7)}…`);
    expect(maskSecret('short')).toBe('…');
    expect(maskSecret('sk-0123456789abcdef')).toBe('sk-…cdef');
  });
});
