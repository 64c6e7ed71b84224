/** The gateway's listener: matches paths, checks keys, hands requests on, drains. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Counters } from '../admission/counter.js';
import { createCounterBook } from '../admission/counter-book.js';
import { createLocalCounters } from '../admission/local-counters.js';
import { DRAIN_TIMEOUT_MS, STREAM_PING_MS } from '../config/limits.js';
import {
  CONCURRENCY_WAITING_MAX,
  CONCURRENCY_WAIT_MS,
  REQUEST_DEADLINE_MS,
} from '../config/routing-limits.js';
import type { Clock } from '../domain/clock.js';
import { AppError } from '../domain/errors.js';
import { siblingId } from '../domain/ids.js';
import { anthropicMessages, knownPaths, openaiChat, surfaceOfPath } from '../protocols/registry.js';
import type { ErrorDialect } from '../protocols/protocol.js';
import type { CooldownBook } from '../routing/cooldown-book.js';
import { createAdmission } from './admission.js';
import { createAffinities, type SharedAffinities } from './affinity.js';
import { authenticate } from './authenticate.js';
import { COUNT_TOKENS_PATH, serveCountTokens } from './count-tokens.js';
import { createConcurrency } from './concurrency.js';
import { newEventId, serveExchange, type ExchangeDeps, type RequestBounds } from './exchange.js';
import { findModel, listModels } from './model-list.js';
import { createLatencies } from './latencies.js';
import { createReasoningMemory } from './reasoning-memory.js';
import { replyError, replyJson, requestIdHeaders } from './reply.js';
import type { RoutingState } from './routing-state.js';

export interface GatewayDeps extends Omit<
  ExchangeDeps,
  'memory' | 'pingMs' | 'live' | 'concurrency' | 'bounds' | 'admission'
> {
  readonly state: RoutingState;
  readonly cooldowns: CooldownBook;
  /** Where the other gateways' conversations are; left out or null where there are none. */
  readonly sharedAffinities?: SharedAffinities | null;
  /** Where requests are counted against limits; left out for a gateway that counts for itself alone. */
  readonly counters?: Counters;
  /** Longest silence on an open stream. */
  readonly pingMs?: number;
  readonly bounds?: Partial<RequestBounds>;
}

/** Everything a request is served with. */
interface ServeDeps extends ExchangeDeps {
  readonly state: RoutingState;
}

export interface Gateway {
  readonly port: number;
  /** Refuses new requests, lets running ones finish within the drain time, then cuts the rest and stops listening. */
  drain(timeoutMs?: number): Promise<void>;
}

const MODELS_PATH = '/v1/models';
/** Agents send large headers (session tokens, telemetry baggage); Node's default of 16 KiB is tight. */
const HEADERS_MAX_BYTES = 64 * 1024;
/** Time to receive a whole request, body included; the answer may take as long as it takes. */
const REQUEST_RECEIVE_TIMEOUT_MS = 300_000;
/** Longer than clients keep idle connections, so that it is they who close them. */
const KEEP_ALIVE_MS = 75_000;

export async function startGateway(
  given: GatewayDeps,
  listen: { host: string; port: number },
): Promise<Gateway> {
  const { clock, cooldowns, sharedAffinities: shared = null } = given;
  const deps: ServeDeps = {
    ...given,
    memory: createReasoningMemory({ clock }),
    live: {
      cooldowns,
      affinities: createAffinities({ clock, shared }),
      latencies: createLatencies(clock),
      clock,
    },
    concurrency: createConcurrency(),
    admission: createAdmission({
      counters: given.counters ?? countAlone(clock),
      clock,
      logger: given.logger,
    }),
    pingMs: given.pingMs ?? STREAM_PING_MS,
    bounds: {
      deadlineMs: REQUEST_DEADLINE_MS,
      placeWaitMs: CONCURRENCY_WAIT_MS,
      waitingMax: CONCURRENCY_WAITING_MAX,
      ...given.bounds,
    },
  };
  let draining = false;
  /** Requests of agents that are being served. */
  let running = 0;
  let onIdle: (() => void) | null = null;
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADERS_MAX_BYTES,
      noDelay: true,
      requestTimeout: REQUEST_RECEIVE_TIMEOUT_MS,
    },
    (request, response) => {
      if (draining) response.setHeader('connection', 'close');
      running++;
      onceOver(response, () => {
        // An answer begun before the drain promised to keep its connection, which would then idle until it is cut.
        if (draining) server.closeIdleConnections();
        if (--running === 0) onIdle?.();
      });
      void handle(deps, request, response, draining);
    },
  );
  // Pipelined requests listen on one socket, each for its end.
  server.on('connection', (socket) => socket.setMaxListeners(0));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async drain(timeoutMs = DRAIN_TIMEOUT_MS) {
      draining = true;
      server.closeIdleConnections();
      const idle = new Promise<void>((resolve) => {
        onIdle = resolve;
        if (running === 0) resolve();
      });
      const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
      // Until then it listens on, so that a load balancer reads that it drains instead of guessing from refusals.
      await idle;
      await close(server);
      clearTimeout(cut);
    },
  };
}

/** Exact for one process. Nobody tells it what was used before. */
function countAlone(clock: Clock): Counters {
  return createLocalCounters(createCounterBook({ clock, fromNothing: true }), 'this gateway');
}

async function handle(
  deps: ServeDeps,
  request: IncomingMessage,
  response: ServerResponse,
  draining: boolean,
): Promise<void> {
  const eventId = newEventId(deps.clock);
  const requestId = siblingId('request', eventId);
  const path = pathOf(request.url ?? '/');
  try {
    if (serveProbe(deps, request, response, path, draining)) return;
    if (draining) {
      throw new AppError(
        'SERVICE_UNAVAILABLE',
        'The gateway is stopping; another try reaches the next one.',
        {
          retryAfterSeconds: 1,
        },
      );
    }
    const surface = surfaceOfPath(path);
    const counts = path === COUNT_TOKENS_PATH;
    if (surface === null && !counts) return await serveModels(deps, request, response, path, requestId);
    requireMethod(request, response, 'POST');
    const caller = await authenticate(request.headers, deps.state, deps.clock);
    if (surface === null) return await serveCountTokens(deps, { request, response, caller, requestId });
    await serveExchange(deps, { request, response, surface, caller, eventId });
  } catch (thrown) {
    const error = AppError.from(thrown);
    if (error.code === 'INTERNAL_SERVER_ERROR')
      deps.logger.error({ err: thrown, requestId }, 'request failed here');
    replyError(response, dialectOf(path, request), error, requestId);
  }
}

/** Liveness, readiness, and the bare `HEAD /` some agents start with. */
function serveProbe(
  deps: ServeDeps,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  draining: boolean,
): boolean {
  if (path === '/livez' || path === '/') {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    replyJson(response, 200, { status: 'ok' });
    return true;
  }
  if (path !== '/readyz') return false;
  const table = deps.state.table();
  const ready = table !== null && !draining;
  replyJson(response, ready ? 200 : 503, {
    status: ready ? 'ok' : draining ? 'draining' : 'waiting for the first routing snapshot',
    snapshotVersion: table?.version ?? null,
  });
  return true;
}

async function serveModels(
  deps: ServeDeps,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  requestId: string,
): Promise<void> {
  if (path !== MODELS_PATH && !path.startsWith(`${MODELS_PATH}/`)) {
    const served = [
      ...[...knownPaths(), COUNT_TOKENS_PATH].map((known) => `POST ${known}`),
      `GET ${MODELS_PATH}`,
    ];
    throw new AppError('NOT_FOUND', `Nothing is served at ${path}. Served are ${served.join(', ')}.`);
  }
  requireMethod(request, response, 'GET', 'HEAD');
  const caller = await authenticate(request.headers, deps.state, deps.clock);
  if (path === MODELS_PATH) return replyJson(response, 200, listModels(caller), requestIdHeaders(requestId));
  const name = decode(path.slice(MODELS_PATH.length + 1));
  const model = findModel(caller, name);
  if (model === null) throw new AppError('MODEL_NOT_FOUND', `There is no model "${name}" here.`);
  replyJson(response, 200, model, requestIdHeaders(requestId));
}

function requireMethod(request: IncomingMessage, response: ServerResponse, ...methods: string[]): void {
  const { method = 'This method' } = request;
  if (methods.includes(method)) return;
  response.setHeader('allow', methods.join(', '));
  throw new AppError('METHOD_NOT_ALLOWED', `${method} is not served here; use ${methods.join(' or ')}.`);
}

/** The dialect a caller will read an error in, when no format was settled on: by its path, then by its headers. */
function dialectOf(path: string, request: IncomingMessage): ErrorDialect {
  const surface = surfaceOfPath(path);
  if (surface) return surface.protocol.errors;
  const anthropic = path.startsWith('/v1/messages') || request.headers['anthropic-version'] !== undefined;
  return anthropic ? anthropicMessages.errors : openaiChat.errors;
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** When the answer is out or its connection gone: one that waits behind another on its connection raises no event then. */
function onceOver(response: ServerResponse, call: () => void): void {
  const { socket } = response.req;
  let called = false;
  const over = (): void => {
    response.off('close', over);
    socket.off('close', over);
    // The one event can be raised in the middle of the other, where taking the listener off comes too late.
    if (!called) call();
    called = true;
  };
  response.once('close', over);
  socket.once('close', over);
}

function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  return closed;
}
