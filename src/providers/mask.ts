/** Takes secrets and account names out of what providers say, before anything is stored, shown or logged. */

const MASKS: readonly (readonly [RegExp, string])[] = [
  [/\bBearer\s+[^\s"',;]+/gi, 'Bearer …'],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, '…'],
  [/\bsk-[\w*.-]{4,}/g, 'sk-…'],
  [/\bsy_[\w-]{8,}/g, 'sy_…'],
  // Z.ai's keys: an id, a dot and a secret.
  [/\b[0-9a-f]{32}\.\w{8,}/g, '…'],
  [/\b(wrk_|acct_|proj_|org_|org-)[A-Za-z0-9]{6,}/g, '$1…'],
  // Ollama addresses the account by its name.
  [/\byou \([^)]*\)/gi, 'you (…)'],
  [/[\w.+-]+@[\w-]+\.[\w.-]+\w/g, '…@…'],
];

/** The text with keys, tokens, account ids, account names and mail addresses replaced by an ellipsis. */
export function maskAccountDetails(text: string): string {
  return MASKS.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text);
}

/** The text with a secret of any form replaced by an ellipsis. */
export function withoutSecret(text: string, secret: string): string {
  return secret === '' ? text : text.replaceAll(secret, '…');
}
