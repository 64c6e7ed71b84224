/**
 * Sealing of provider secrets with AES-256-GCM. The envelope names the key that sealed it, so that keys can rotate, and
 * the ciphertext is bound to the row and workspace it belongs to: moved elsewhere, it does not open.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/** `v1.<key id>.<iv>.<tag>.<ciphertext>`, each part base64url. */
export type SealedText = string;

/** What a sealed text belongs to; it opens nowhere else. */
export interface SealBinding {
  readonly workspaceId: string;
  /** Id of the row. */
  readonly subjectId: string;
  /** What the row holds, such as `connection.secret`. */
  readonly purpose: string;
}

export interface Vault {
  /** Id of the key that seals now. */
  readonly keyId: string;
  /** Whether it can open what the key of that id sealed. */
  knows(keyId: string): boolean;
  seal(plaintext: string, binding: SealBinding): SealedText;
  /** Throws {@link VaultError} when the envelope is damaged, of an unknown key, or bound elsewhere. */
  open(sealed: SealedText, binding: SealBinding): string;
}

export class VaultError extends Error {
  override readonly name = 'VaultError';
}

const VERSION = 'v1';
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** A vault that seals with the first key and opens with any. Keys are 32 bytes each. */
export function createVault(keys: readonly [Uint8Array, ...Uint8Array[]]): Vault {
  const byId = new Map<string, Buffer>();
  for (const key of keys) byId.set(keyIdOf(key), deriveKey(key));
  const keyId = keyIdOf(keys[0]);
  const sealingKey = deriveKey(keys[0]);
  return {
    keyId,
    knows: (id) => byId.has(id),
    seal(plaintext, binding) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(CIPHER, sealingKey, iv, { authTagLength: TAG_BYTES });
      cipher.setAAD(associatedData(binding));
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      const parts = [iv, cipher.getAuthTag(), ciphertext].map((part) => part.toString('base64url'));
      return [VERSION, keyId, ...parts].join('.');
    },
    open(sealed, binding) {
      const [version, sealedWith = '', iv = '', tag = '', ciphertext = ''] = sealed.split('.');
      if (version !== VERSION) throw new VaultError('The sealed text has an unknown format.');
      const key = byId.get(sealedWith);
      if (!key) throw new VaultError(`The sealed text was sealed with another key (${sealedWith}).`);
      try {
        const decipher = createDecipheriv(CIPHER, key, Buffer.from(iv, 'base64url'), {
          // Without it a tag cut to four bytes would do.
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(associatedData(binding));
        decipher.setAuthTag(Buffer.from(tag, 'base64url'));
        return Buffer.concat([
          decipher.update(Buffer.from(ciphertext, 'base64url')),
          decipher.final(),
        ]).toString('utf8');
      } catch (cause) {
        throw new VaultError('The sealed text does not open: damaged, or moved from where it belongs.', {
          cause,
        });
      }
    },
  };
}

/** Short public name of a key: a hash of it that gives nothing away. */
export function keyIdOf(key: Uint8Array): string {
  return createHash('sha256').update('switchyard key id').update(key).digest('base64url').slice(0, 8);
}

/** The same envelope under the name of another key, with which it will not open. */
export function withKeyId(sealed: SealedText, keyId: string): SealedText {
  return [VERSION, keyId, ...sealed.split('.').slice(2)].join('.');
}

function deriveKey(key: Uint8Array): Buffer {
  if (key.length !== KEY_BYTES)
    throw new VaultError(`A key must have ${KEY_BYTES} bytes, not ${key.length}.`);
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), 'switchyard vault v1', KEY_BYTES));
}

function associatedData(binding: SealBinding): Buffer {
  return Buffer.from(JSON.stringify([binding.workspaceId, binding.subjectId, binding.purpose]), 'utf8');
}
