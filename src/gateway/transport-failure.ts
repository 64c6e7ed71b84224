/** Failures of the transport as classes: what could not be reached, what took too long, what broke. */
import { errors } from 'undici';
import type { UpstreamFailure } from '../domain/failure.js';
import { ForbiddenAddressError } from '../upstream/address-policy.js';

/** What a call that ended in an exception failed of. Messages name no address beyond what the operator entered. */
export function failureOfError(error: unknown): UpstreamFailure {
  if (error instanceof errors.ConnectTimeoutError)
    return failure('TIMEOUT', 'The provider could not be reached in time.');
  if (error instanceof errors.HeadersTimeoutError)
    return failure('TIMEOUT', 'The provider did not answer in time.');
  if (error instanceof errors.BodyTimeoutError)
    return failure('TIMEOUT', 'The provider stopped sending in mid-answer.');
  if (error instanceof ForbiddenAddressError) return failure('NETWORK', `${error.message}.`);
  switch ((error as NodeJS.ErrnoException | null)?.code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return failure('NETWORK', "The provider's host name could not be resolved.");
    case 'ECONNREFUSED':
      return failure('NETWORK', 'The provider refused the connection.');
    default:
      return failure('NETWORK', 'The connection to the provider broke.');
  }
}

/** The provider did answer, but too slowly for the time that all attempts of a request have together. */
export function answerTooLate(): UpstreamFailure {
  return failure('TIMEOUT', 'The answer did not begin within the time a request may take.');
}

/** Whether an error comes from this program rather than from the transport, whose own have codes. */
export function isFault(error: unknown): boolean {
  if (error instanceof errors.UndiciError || error instanceof ForbiddenAddressError) return false;
  return (error as NodeJS.ErrnoException | null)?.code === undefined;
}

function failure(failureClass: 'TIMEOUT' | 'NETWORK', message: string): UpstreamFailure {
  return { class: failureClass, httpStatus: null, message, retryAt: null };
}
