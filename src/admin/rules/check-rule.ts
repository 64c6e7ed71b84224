/** Checks of what an operator says of a rule, the same for a new one and for changes. */
import { NAME_MAX_CHARS } from '../../config/limits.js';
import { HEADER_NAME_MAX_CHARS, HEADER_VALUE_MAX_BYTES } from '../../config/routing-limits.js';
import type { RoutingTierRecord } from '../../domain/records.js';
import { fail, ok, type Result } from '../result.js';
import { tierNotFound } from '../tiers/check-tier.js';

/** A header's name is a token: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2. */
const HEADER_NAME = /^[a-z0-9!#$%&'*+\-.^_`|~]+$/;
/** Visible characters with spaces and tabs between them: what a client can send and a proxy leaves as it is. */
const HEADER_VALUE = /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/;

/** Headers that carry secrets. A rule and its audit entry would show what nobody should read. */
const CREDENTIALS = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'x-auth-token',
  'x-access-token',
  'x-amz-security-token',
]);

/** For a rule that does not exist or belongs to another workspace; which of the two stays untold. */
export function ruleNotFound(): Result<never> {
  return fail('NOT_FOUND', 'There is no such rule.', ['id']);
}

/** A name without surrounding space. */
export function checkRuleName(name: string): Result<string> {
  const text = name.trim();
  const field = ['input', 'name'];
  if (text === '') return fail('REQUIRED', 'A rule needs a name.', field);
  return text.length > NAME_MAX_CHARS
    ? fail('OUT_OF_RANGE', `A name has at most ${NAME_MAX_CHARS} characters.`, field)
    : ok(text);
}

/** The header in lower case. */
export function checkHeader(header: string): Result<string> {
  const name = header.trim().toLowerCase();
  const field = ['input', 'header'];
  if (name === '') return fail('REQUIRED', 'A rule needs a header to look at.', field);
  if (name.length > HEADER_NAME_MAX_CHARS) {
    return fail('OUT_OF_RANGE', `A header has at most ${HEADER_NAME_MAX_CHARS} characters.`, field);
  }
  if (!HEADER_NAME.test(name)) return fail('INVALID', `"${name}" is no name of a header.`, field);
  return CREDENTIALS.has(name)
    ? fail('INVALID', `${name} carries a secret, which no rule may look at.`, field)
    : ok(name);
}

/** The value as it arrives: clients and servers drop the space around it. */
export function checkValue(value: string | null): Result<string | null> {
  if (value === null) return ok(null);
  const text = value.trim();
  const field = ['input', 'value'];
  if (text === '') return fail('INVALID', 'Leave the value out to match any.', field);
  if (Buffer.byteLength(text) > HEADER_VALUE_MAX_BYTES) {
    return fail('OUT_OF_RANGE', `A value has at most ${HEADER_VALUE_MAX_BYTES} bytes.`, field);
  }
  return HEADER_VALUE.test(text)
    ? ok(text)
    : fail('INVALID', 'No header can have this value: it has characters that cannot be sent.', field);
}

/** A tier of the workspace. */
export function checkTier(tierId: string, present: readonly RoutingTierRecord[]): Result<string> {
  return present.some(({ id }) => id === tierId) ? ok(tierId) : tierNotFound(['input', 'tierId']);
}
