/** One bounded call, a `GET` unless it brings a body: no redirects, a deadline, a largest body, and addresses under the policy. */
import { Agent, request } from 'undici';
import { UPSTREAM_CONNECT_TIMEOUT_MS } from '../config/limits.js';
import type { Billing } from '../domain/vocabulary.js';
import { createGuardedConnector } from './address-policy.js';

export interface HttpGetRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the connection it is made for; decides which addresses are acceptable. */
  readonly billing: Billing;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Sent with `POST`. */
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly ok: true;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bodyText: string;
}

export interface HttpFailure {
  readonly ok: false;
  readonly class: 'NETWORK' | 'TIMEOUT' | 'CANCELLED';
  readonly message: string;
}

export interface HttpGet {
  get(wanted: HttpGetRequest): Promise<HttpAnswer | HttpFailure>;
  close(): Promise<void>;
}

export interface HttpGetOptions {
  readonly allowPrivateUpstreams: boolean;
  /** Sent unless a request brings its own. */
  readonly userAgent: string;
}

/** Makes the client, with a pool of connections for each of the two address policies. */
export function createHttpGet(options: HttpGetOptions): HttpGet {
  const remote = createAgent('METERED', options.allowPrivateUpstreams);
  const local = createAgent('LOCAL', options.allowPrivateUpstreams);
  return {
    async get(wanted) {
      const deadline = AbortSignal.timeout(wanted.timeoutMs);
      const signal = wanted.signal ? AbortSignal.any([wanted.signal, deadline]) : deadline;
      try {
        const answer = await request(wanted.url, {
          method: wanted.body === undefined ? 'GET' : 'POST',
          body: wanted.body ?? null,
          headers: { 'user-agent': options.userAgent, accept: 'application/json', ...wanted.headers },
          dispatcher: wanted.billing === 'LOCAL' ? local : remote,
          signal,
        });
        const bodyText = await readBounded(answer.body, wanted.maxBytes);
        return bodyText === null
          ? failed('NETWORK', wanted.url, `its answer is longer than ${wanted.maxBytes} bytes`)
          : { ok: true, status: answer.statusCode, headers: answer.headers, bodyText };
      } catch (error) {
        if (wanted.signal?.aborted) return failed('CANCELLED', wanted.url, 'the call was cancelled');
        if (deadline.aborted) return failed('TIMEOUT', wanted.url, `no answer within ${wanted.timeoutMs} ms`);
        return failed('NETWORK', wanted.url, reasonOf(error));
      }
    },
    async close() {
      await Promise.all([remote.destroy(), local.destroy()]);
    },
  };
}

function createAgent(billing: Billing, allowPrivate: boolean): Agent {
  return new Agent({
    connect: createGuardedConnector({ billing, allowPrivate }, { timeout: UPSTREAM_CONNECT_TIMEOUT_MS }),
  });
}

async function readBounded(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early destroys the body, and with it the connection.
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function failed(failureClass: HttpFailure['class'], url: string, reason: string): HttpFailure {
  return { ok: false, class: failureClass, message: `${new URL(url).origin} could not be read: ${reason}.` };
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name could not be looked up',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_SOCKET: 'the connection broke',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
};

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return 'the connection failed';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return REASONS[code] ?? (error.message || code || 'the connection failed');
}
