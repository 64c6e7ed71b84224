/** Runs a simulation as a real HTTP server on loopback: key checks, the request log, faults on demand. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TokenCounts } from '../../../src/domain/tokens.js';
import type { AuthHeader } from '../../../src/providers/define-provider.js';
import { deliver } from './delivery.js';
import { createQuotaMeter, type QuotaMeter } from './quota.js';
import { orderedFailure } from './script.js';
import {
  type Fault,
  json,
  type KeyState,
  type LoggedRequest,
  type RecordedFailure,
  refusal,
  type Reply,
  type SimulatedCall,
  type SimulatedKeys,
  type SimulatedModel,
  type SimulatedRoute,
  type Simulation,
} from './simulation.js';

export interface EngineOptions {
  /** Zero, the default, takes a free port. */
  readonly port?: number;
  /** Path in front of the provider's own, as behind a corporate proxy. */
  readonly prefix?: string;
  readonly keys?: SimulatedKeys;
  /** Milliseconds since the epoch by which its windows open and close; the system's when left out. */
  readonly now?: () => number;
}

/** A simulated provider that is running. */
export interface SimulatedProvider extends AsyncDisposable {
  readonly slug: string;
  /** What a connection takes as its base URL. */
  readonly url: string;
  readonly keys: SimulatedKeys;
  /** The provider's own refusals, by the names that faults and `[fail name]` use. */
  readonly failures: Simulation['failures'];
  readonly verdicts: Simulation['verdicts'];
  /** What its plan still has, to look at and to change. */
  readonly quota: QuotaMeter;
  /** Every request so far, oldest first. */
  readonly requests: readonly LoggedRequest[];
  setFault(fault: Fault | null): void;
  setModels(models: readonly SimulatedModel[]): void;
  /** What the answer of that id stated on the wire; null when it stated nothing or is unknown. */
  usageStatedFor(answerId: string): TokenCounts | null;
  /** The first logged request that matches, now or within the time. */
  waitForRequest(matches: (request: LoggedRequest) => boolean, timeoutMs?: number): Promise<LoggedRequest>;
  clearRequests(): void;
  close(): Promise<void>;
}

type OpenRequest = { -readonly [K in keyof LoggedRequest]: LoggedRequest[K] };

const WAIT_MS = 5_000;

/** Starts the simulation on loopback. */
export async function startEngine(
  simulation: Simulation,
  options: EngineOptions = {},
): Promise<SimulatedProvider> {
  const keys = options.keys ?? simulation.keys;
  const prefix = options.prefix ?? '';
  const requests: OpenRequest[] = [];
  const quota = createQuotaMeter(simulation.quota, options.now ?? Date.now);
  const watchers = new Set<() => void>();
  const stop = new AbortController();
  let models = simulation.models;
  let fault: { readonly spec: Fault; left: number } | null = null;
  let serial = 0;

  const takeFault = (route: SimulatedRoute): Fault | null => {
    if (!fault || fault.left === 0 || (fault.spec.on ?? 'generation') !== route.use) return null;
    fault.left -= 1;
    return fault.spec;
  };

  const answer = (route: SimulatedRoute, logged: LoggedRequest, chosen: Fault | null): Reply => {
    const state = keyState(route.auth, logged.headers, keys);
    const refused = state === 'good' ? null : route.refuse(state);
    if (refused) return refused;
    if (chosen?.kind === 'refuse') return refuseOn(route, failureNamed(simulation, chosen.failure));
    if (chosen?.kind === 'status') return json(chosen.body ?? '', chosen.status, chosen.headers);
    if (logged.method === 'POST' && logged.body === null)
      return json({ error: { message: 'Invalid JSON' } }, 400);
    serial += 1;
    const model = modelInPath(route.path, logged.path);
    const call: SimulatedCall = {
      path: logged.path,
      query: new URLSearchParams(logged.query),
      headers: logged.headers,
      body: model === null ? (logged.body ?? {}) : { ...logged.body, model },
      models,
      quota,
      serial,
      textBytes: chosen?.kind === 'huge' ? chosen.bytes : null,
    };
    if (route.use !== 'generation') return route.serve(call);
    const failure = ownFailure(simulation, call) ?? (route.metered ? null : quota.wall());
    if (failure) return refuseOn(route, failure);
    const reply = route.serve(call);
    if (!route.metered && reply.answerId !== undefined) quota.count(reply);
    return reply;
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { logged, settle } = await open(request, prefix);
    requests.push(logged);
    for (const watcher of watchers) watcher();
    const left = new AbortController();
    response.once('close', () => left.abort(new Error('The client left.')));
    try {
      const route = simulation.routes.find(
        ({ method, path }) => method === logged.method && patternOf(path).test(logged.path),
      );
      const chosen = route ? takeFault(route) : null;
      const reply = route ? answer(route, logged, chosen) : json({ error: { message: 'Not found' } }, 404);
      if (chosen?.kind !== 'reset') Object.assign(logged, statementOf(reply));
      logged.outcome = await deliver(response, reply, chosen, AbortSignal.any([left.signal, stop.signal]));
    } catch (error) {
      if (!left.signal.aborted && !stop.signal.aborted && !response.destroyed) throw error;
      logged.outcome = 'client-left';
    } finally {
      settle();
    }
  };

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    serve(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  const close = async (): Promise<void> => {
    stop.abort(new Error('The simulated provider was closed.'));
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };

  return {
    slug: simulation.slug,
    url: `http://127.0.0.1:${port}${prefix}`,
    keys,
    failures: simulation.failures,
    verdicts: simulation.verdicts,
    quota,
    requests,
    setFault: (spec) => {
      fault = spec && { spec, left: spec.times ?? Number.POSITIVE_INFINITY };
    },
    setModels: (next) => {
      models = next;
    },
    usageStatedFor: (answerId) => requests.find((request) => request.answerId === answerId)?.stated ?? null,
    waitForRequest: (matches, timeoutMs = WAIT_MS) =>
      waitFor(() => requests.find(matches), watchers, timeoutMs),
    clearRequests: () => {
      requests.length = 0;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A path, or a template with `{model}` and `{method}` in it. */
function patternOf(path: string): RegExp {
  const literal = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
  return new RegExp(
    `^${literal.replace('{model}', '(?<model>[^/:]+)').replace('{method}', '(?:streamG|g)enerateContent')}$`,
  );
}

/** The model that a path names; null when it stands in the body. */
function modelInPath(template: string, path: string): string | null {
  const model = patternOf(template).exec(path)?.groups?.['model'];
  return model === undefined ? null : decodeURIComponent(model);
}

async function open(
  request: IncomingMessage,
  prefix: string,
): Promise<{ logged: OpenRequest; settle: () => void }> {
  const bodyText = await text(request);
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
  const { promise: settled, resolve: settle } = deferred();
  const logged: OpenRequest = {
    method: request.method ?? 'GET',
    // Without the prefix nothing is found, as behind a real proxy.
    path: pathname.startsWith(prefix) ? pathname.slice(prefix.length) : `outside ${prefix}: ${pathname}`,
    query: search,
    headers: request.headers,
    body: parseObject(bodyText),
    bodyText,
    status: null,
    answerId: null,
    stated: null,
    outcome: 'open',
    settled,
  };
  return { logged, settle };
}

function keyState(
  auth: readonly AuthHeader[],
  headers: LoggedRequest['headers'],
  keys: SimulatedKeys,
): KeyState {
  if (auth.length === 0) return 'good';
  const bearer = /^Bearer (\S+)$/.exec(headers['authorization']?.toString() ?? '')?.[1];
  const [key] = auth.flatMap((form) => (form === 'bearer' ? bearer : headers[form]?.toString()) ?? []);
  if (key === undefined) return 'missing';
  if (key === keys.good) return 'good';
  return key === keys.wrongProduct ? 'wrongProduct' : 'bad';
}

/** The refusal that the message orders, or the one for a model that does not exist. */
function ownFailure(simulation: Simulation, call: SimulatedCall): RecordedFailure | null {
  const ordered = orderedFailure(call.body);
  if (ordered !== null) return failureNamed(simulation, ordered);
  const known = call.models.some(({ id }) => id === call.body['model']);
  return known ? null : failureNamed(simulation, 'unknown-model');
}

function refuseOn(route: SimulatedRoute, failure: RecordedFailure): Reply {
  return refusal(route.phrase?.(failure) ?? failure);
}

function failureNamed(simulation: Simulation, name: string): RecordedFailure {
  const failure = simulation.failures[name];
  if (!failure)
    throw new Error(
      `${simulation.slug} has no failure ${name}: ${Object.keys(simulation.failures).join(', ')}`,
    );
  return failure;
}

function statementOf(reply: Reply): Pick<LoggedRequest, 'status' | 'answerId' | 'stated'> {
  return {
    status: reply.kind === 'stream' ? 200 : reply.status,
    answerId: reply.answerId ?? null,
    stated: reply.stated ?? null,
  };
}

async function waitFor<T>(
  look: () => T | undefined,
  watchers: Set<() => void>,
  timeoutMs: number,
): Promise<T> {
  const found = look();
  if (found !== undefined) return found;
  return new Promise<T>((resolve, reject) => {
    const finish = (): void => {
      clearTimeout(timer);
      watchers.delete(check);
    };
    const check = (): void => {
      const seen = look();
      if (seen === undefined) return;
      finish();
      resolve(seen);
    };
    const timer = setTimeout(() => {
      finish();
      reject(new Error(`No such request reached the simulated provider within ${timeoutMs} ms.`));
    }, timeoutMs);
    watchers.add(check);
  });
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function parseObject(body: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
