/** Keys and tokens of this installation: from the environment, else made once and kept in the data directory. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { StartupError } from '../domain/errors.js';
import { prepareDataDirectory, readOrCreateSecretFile, readSecretFile } from '../secrets/data-directory.js';
import { createSealedFile, type SealedFile } from '../secrets/sealed-file.js';
import { makeAdminToken } from '../secrets/tokens.js';
import { createVault, VaultError, type Vault } from '../secrets/vault.js';

const SECRET_KEY_BYTES = 32;

export interface Identity {
  readonly vault: Vault;
  readonly adminToken: string;
  /** Whether the token was made just now: only then is it shown. */
  readonly adminTokenIsNew: boolean;
  readonly snapshotFile: SealedFile;
  readonly journalDir: string;
}

/** Reads what is there, makes what is missing. A key that opens nothing it should is a {@link StartupError}. */
export async function establishIdentity(config: Config): Promise<Identity> {
  await prepareDataDirectory(config.dataDir);
  const vault = await openVault(config);
  const token =
    config.admin.token === null
      ? await readOrCreateSecretFile(join(config.dataDir, 'admin-token'), makeAdminToken)
      : { value: config.admin.token, created: false };
  return {
    vault,
    adminToken: token.value,
    adminTokenIsNew: token.created,
    snapshotFile: createSealedFile(join(config.dataDir, 'routing.snapshot'), 'routing.snapshot', vault),
    journalDir: join(config.dataDir, 'journal'),
  };
}

/** Proves that the key in use is the one that sealed what lies here. True when a snapshot is there to serve from. */
export async function checkSnapshot(identity: Identity): Promise<boolean> {
  try {
    return (await identity.snapshotFile.read()) !== null;
  } catch (error) {
    if (error instanceof VaultError) throw wrongKey(identity.snapshotFile.path, error);
    throw error;
  }
}

/** The one line for a key that is not the one secrets were sealed with. */
export function wrongKey(what: string, cause?: unknown): StartupError {
  return new StartupError(
    `SECRET_KEY is not the key that sealed ${what}: set SECRET_KEY (or secret.key in DATA_DIR) to that key again, ` +
      'or name it in SECRET_KEY_PREVIOUS.',
    { cause },
  );
}

/** The keys of an installation that exists; a command must not make one that its service does not know. */
export async function openExistingVault(config: Config): Promise<Vault> {
  if (config.secretKey === null && (await readSecretFile(keyPath(config.dataDir))) === null) {
    throw new StartupError(
      `There is no key in ${config.dataDir}, and SECRET_KEY is not set: set DATA_DIR or SECRET_KEY as for the service.`,
    );
  }
  return openVault(config);
}

async function openVault(config: Config): Promise<Vault> {
  const keys = [config.secretKey ?? (await ownKey(config.dataDir))];
  if (config.secretKeyPrevious) keys.push(config.secretKeyPrevious);
  const [first, ...others] = keys;
  if (!first) throw new StartupError('SECRET_KEY is missing.');
  return createVault([first, ...others]);
}

function keyPath(dataDir: string): string {
  return join(dataDir, 'secret.key');
}

async function ownKey(dataDir: string): Promise<Buffer> {
  const path = keyPath(dataDir);
  const { value } = await readOrCreateSecretFile(path, () =>
    randomBytes(SECRET_KEY_BYTES).toString('base64'),
  );
  const key = Buffer.from(value, 'base64');
  if (key.length !== SECRET_KEY_BYTES) {
    throw new StartupError(
      `${path} does not hold ${SECRET_KEY_BYTES} bytes in base64: restore it from a backup.`,
    );
  }
  return key;
}
