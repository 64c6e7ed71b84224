/** One call to a provider's own API with a connection's credential, at the address the connection uses. */
import { MODEL_LIST_MAX_BYTES } from '../config/limits.js';
import type { Clock } from '../domain/clock.js';
import type { UpstreamFailure } from '../domain/failure.js';
import { credentialHeader } from '../providers/credential-header.js';
import type { OfferingDefinition, Probe } from '../providers/define-provider.js';
import type { AnswerHints } from '../providers/failure.js';
import { addressOf, type AddressSettings } from '../providers/urls.js';
import type { HttpGet } from '../upstream/http-get.js';

/** Whom to ask and as whom. */
export interface ProviderAccess {
  readonly offering: OfferingDefinition;
  readonly settings: AddressSettings;
  /** Null when the offering takes none. */
  readonly secret: string | null;
}

export interface ProviderAnswer {
  readonly status: number;
  readonly bodyText: string;
  readonly hints: AnswerHints;
}

export interface AskProviderDeps {
  readonly http: HttpGet;
  readonly clock: Clock;
}

/** Calls one of the offering's URLs; the failure is that no answer came. */
export async function askProvider(
  deps: AskProviderDeps,
  access: ProviderAccess,
  probe: Probe,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<{ answer: ProviderAnswer } | { failure: UpstreamFailure }> {
  const answer = await deps.http.get({
    url: addressOf(access.offering, probe.url, access.settings),
    headers: {
      ...probe.headers,
      ...(access.secret === null ? {} : credentialHeader(probe.auth, access.secret)),
    },
    billing: access.offering.billing,
    timeoutMs,
    maxBytes: MODEL_LIST_MAX_BYTES,
    ...(signal ? { signal } : {}),
  });
  if (!answer.ok) {
    return { failure: { class: answer.class, httpStatus: null, message: answer.message, retryAt: null } };
  }
  const hints = {
    retryAfter: single(answer.headers['retry-after']),
    retryAfterMs: single(answer.headers['retry-after-ms']),
    secret: access.secret,
    now: deps.clock.now(),
  };
  return { answer: { status: answer.status, bodyText: answer.bodyText, hints } };
}

/** The failure without the secret, should the provider have repeated it in its message. */
export function withoutSecret(failure: UpstreamFailure, secret: string | null): UpstreamFailure {
  if (secret === null || secret === '') return failure;
  return { ...failure, message: failure.message.replaceAll(secret, '…') };
}

function single(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}
