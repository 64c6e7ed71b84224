/** An issuer of signed tokens of a test's own on loopback, as an OIDC provider is: metadata, keys, tokens. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

export interface TokenOptions {
  readonly claims?: Record<string, unknown>;
  readonly audience?: string;
  readonly issuer?: string;
  /** Seconds since the epoch. */
  readonly expires?: number | string;
  readonly notBefore?: number;
  /** A claim that is left out. */
  readonly without?: 'exp' | 'aud' | 'iss';
  /** Parts of the header beside the algorithm and the key's id. */
  readonly header?: Record<string, unknown>;
  /** Says in its header which key it is signed with, the key itself included. */
  readonly bringsKey?: boolean;
  /** Says in its header that whoever reads it has to know what this is. */
  readonly critical?: string;
  /** Signs with a key that was never published. */
  readonly unknownKey?: boolean;
  /** Signs with the key that was current before the last rotation. */
  readonly previousKey?: boolean;
}

export interface Issuer extends AsyncDisposable {
  readonly url: string;
  /** Answers to requests for the keys so far. */
  readonly keyRequests: number;
  /** A good token unless told otherwise. */
  token(options?: TokenOptions): Promise<string>;
  /** Publishes another key in the place of the current one, or beside it. */
  rotate(options?: { keepPrevious: boolean }): Promise<void>;
  /** From now on every request is answered with 503, or as before. */
  setAway(away: boolean): void;
  /** The published keys, as anybody can read them. */
  keys(): readonly JWK[];
}

interface Pair {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

function headerOf({ header, bringsKey, critical }: TokenOptions, { jwk }: Pair): Record<string, unknown> {
  return {
    ...header,
    ...(bringsKey && { jwk }),
    ...(critical !== undefined && { crit: [critical], [critical]: true }),
  };
}

export const AUDIENCE = 'switchyard-test';

export async function startIssuer(): Promise<Issuer> {
  let made = 0;
  const makePair = async (): Promise<Pair> => {
    const kid = `key-${++made}`;
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } };
  };
  let current = await makePair();
  let previous = current;
  let published: readonly Pair[] = [current];
  let keyRequests = 0;
  let away = false;

  const server = createServer((request, response) => {
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (away) return send(503, {});
    if (request.url === '/.well-known/openid-configuration') {
      return send(200, { issuer: url, jwks_uri: `${url}/keys` });
    }
    if (request.url !== '/keys') return send(404, {});
    keyRequests++;
    return send(200, { keys: published.map(({ jwk }) => jwk) });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    get keyRequests() {
      return keyRequests;
    },
    async token(options = {}) {
      const pair = options.unknownKey ? await makePair() : options.previousKey ? previous : current;
      const jwt = new SignJWT({
        switchyard_workspace: 'default',
        switchyard_scopes: ['CONFIG_READ', 'USAGE_READ'],
        sub: 'alice',
        ...options.claims,
      })
        .setProtectedHeader({ alg: 'ES256', kid: pair.kid, ...headerOf(options, pair) })
        .setIssuedAt();
      if (options.without !== 'iss') jwt.setIssuer(options.issuer ?? url);
      if (options.without !== 'aud') jwt.setAudience(options.audience ?? AUDIENCE);
      if (options.without !== 'exp') jwt.setExpirationTime(options.expires ?? '5m');
      if (options.notBefore !== undefined) jwt.setNotBefore(options.notBefore);
      return jwt.sign(
        pair.privateKey,
        options.critical === undefined ? {} : { crit: { [options.critical]: true } },
      );
    },
    async rotate({ keepPrevious } = { keepPrevious: false }) {
      previous = current;
      current = await makePair();
      published = keepPrevious ? [previous, current] : [current];
    },
    setAway(next) {
      away = next;
    },
    keys: () => published.map(({ jwk }) => jwk),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
