/** The issuer's public keys: asked for when needed, renewed now and then, kept while the issuer is away. */
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import {
  OIDC_ANSWER_MAX_BYTES,
  OIDC_ANSWER_TIMEOUT_MS,
  OIDC_COOL_DOWN_MS,
  OIDC_KEYS_REFRESH_MS,
} from '../../config/graphql-limits.js';
import type { Clock } from '../../domain/clock.js';
import type { Logger } from '../../observability/logger.js';
import type { HttpGet } from '../../upstream/http-get.js';

export interface IssuerKeysDeps {
  readonly issuer: string;
  readonly http: HttpGet;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For tests that cannot wait as long as an issuer can. */
  readonly coolDownMs?: number;
}

/** What the issuer says of itself. */
const METADATA = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

/** Finds the key a token names. Rejects when nobody knows it, or when it could not be asked for. */
export function createIssuerKeys(deps: IssuerKeysDeps): JWTVerifyGetKey {
  const { issuer, http, clock, logger, coolDownMs = OIDC_COOL_DOWN_MS } = deps;
  let keys: ReturnType<typeof createRemoteJWKSet> | null = null;
  let opening: Promise<ReturnType<typeof createRemoteJWKSet>> | null = null;
  const askedAt = new Map<string, number>();
  let renewAt = Number.POSITIVE_INFINITY;

  /** One call to the issuer, and none of the same kind for a while, whatever came of it. */
  const ask = async (url: string): Promise<string> => {
    const last = askedAt.get(url);
    if (last !== undefined && clock.monotonic() - last < coolDownMs) {
      throw new Error('the issuer was asked a moment ago');
    }
    askedAt.set(url, clock.monotonic());
    const answer = await http.get({
      url,
      headers: {},
      // In-house issuers have private addresses, and which one it is says this installation's own environment.
      billing: 'LOCAL',
      timeoutMs: OIDC_ANSWER_TIMEOUT_MS,
      maxBytes: OIDC_ANSWER_MAX_BYTES,
    });
    if (answer.ok && answer.status === 200) return answer.bodyText;
    const reason = answer.ok ? `${url} answered with status ${answer.status}.` : answer.message;
    logger.warn({ reason }, 'the issuer of signed tokens could not be asked');
    throw new Error(reason);
  };

  const open = async (): Promise<ReturnType<typeof createRemoteJWKSet>> => {
    const metadataUrl = `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`;
    const metadata = METADATA.parse(JSON.parse(await ask(metadataUrl)));
    if (metadata.issuer !== issuer) {
      throw new Error(`${metadataUrl} describes the issuer ${metadata.issuer}, not ${issuer}`);
    }
    const url = new URL(metadata.jwks_uri);
    if (url.protocol !== new URL(issuer).protocol && url.protocol !== 'https:') {
      throw new Error('the issuer offers its keys without TLS');
    }
    return createRemoteJWKSet(url, {
      cooldownDuration: coolDownMs,
      // Renewed below instead: here an issuer that is away would take its known keys along.
      cacheMaxAge: Number.POSITIVE_INFINITY,
      [customFetch]: async (address) => {
        const body = await ask(address);
        renewAt = clock.monotonic() + OIDC_KEYS_REFRESH_MS;
        return new Response(body);
      },
    });
  };

  const opened = async (): Promise<ReturnType<typeof createRemoteJWKSet>> => {
    if (keys !== null) return keys;
    opening ??= open().finally(() => {
      opening = null;
    });
    keys = await opening;
    return keys;
  };

  return async (header, token) => {
    const set = await opened();
    if (clock.monotonic() > renewAt) {
      // Whoever signs in now does not wait for it.
      renewAt = clock.monotonic() + coolDownMs;
      set
        .reload()
        .catch((error: unknown) => logger.warn({ err: error }, "the issuer's keys could not be renewed"));
    }
    return set(header, token);
  };
}
