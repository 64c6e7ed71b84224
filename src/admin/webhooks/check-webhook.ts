/** Checks of what an operator says of a webhook, the same for a new one and for changes. */
import { NAME_MAX_CHARS } from '../../config/limits.js';
import { checkBaseUrl } from '../../upstream/address-policy.js';
import { fail, ok, type Result } from '../result.js';

/** For a webhook that does not exist or belongs to another workspace; which of the two stays untold. */
export function webhookNotFound(): Result<never> {
  return fail('NOT_FOUND', 'There is no such webhook.', ['id']);
}

/** A name without surrounding space. */
export function checkWebhookName(text: string): Result<string> {
  const name = text.trim();
  const field = ['input', 'name'];
  if (name === '') return fail('REQUIRED', 'A webhook needs a name.', field);
  return name.length > NAME_MAX_CHARS
    ? fail('OUT_OF_RANGE', `A name has at most ${NAME_MAX_CHARS} characters.`, field)
    : ok(name);
}

/** Under the same policy as connections; a query may be part of it, as many receivers want it. */
export function checkWebhookUrl(text: string, allowPrivate: boolean): Result<string> {
  const field = ['input', 'url'];
  const url = URL.canParse(text) ? new URL(text) : null;
  const query = url?.search ?? '';
  if (url) url.search = '';
  const check = checkBaseUrl(url?.href ?? text, { billing: 'METERED', allowPrivate });
  return check.ok
    ? ok(check.url + query)
    : fail('INVALID', check.message.replaceAll('The base URL', 'The URL'), field);
}
