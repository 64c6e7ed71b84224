/** Access keys and admin tokens: making, hashing, recognising, previewing. Only hashes are stored. */
import { createHash, randomBytes } from 'node:crypto';

const TOKEN_BYTES = 32;
const ACCESS_KEY_PREFIX = 'sy_';
const ADMIN_TOKEN_PREFIX = 'sya_';
const PREVIEW_CHARS = 7;

/** A gateway key: `sy_` + 43 base64url characters. */
export function makeAccessKey(): string {
  return ACCESS_KEY_PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
}

/** An admin token: `sya_` + 43 base64url characters. */
export function makeAdminToken(): string {
  return ADMIN_TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
}

/**
 * SHA-256, base64url. Enough for tokens with 256 random bits: there is nothing to guess, and a slow hash on every request
 * would only help whoever floods the gateway with wrong keys.
 */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** Start of a key of ours, enough to recognise it. */
export function previewToken(token: string): string {
  return `${token.slice(0, PREVIEW_CHARS)}…`;
}

/** A provider secret for display: a few characters of both ends of a long one, nothing of a short one. */
export function maskSecret(secret: string): string {
  return secret.length < 16 ? '…' : `${secret.slice(0, 3)}…${secret.slice(-4)}`;
}
