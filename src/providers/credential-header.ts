/** How a secret is presented to a provider. */
import type { AuthHeader } from './define-provider.js';

/** The header that carries a secret in the form an endpoint wants. */
export function credentialHeader(form: AuthHeader, secret: string): Record<string, string> {
  return form === 'bearer' ? { authorization: `Bearer ${secret}` } : { [form]: secret };
}
