/** One request of an agent: read, resolved, planned, tried route by route, answered. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { REQUESTED_MODEL_MAX_CHARS } from '../config/limits.js';
import { AppError } from '../domain/errors.js';
import type { UpstreamFailure } from '../domain/failure.js';
import { newId, siblingId } from '../domain/ids.js';
import type { Clock } from '../domain/clock.js';
import type { RequestRecord } from '../journal/record.js';
import type { JournalWriter } from '../journal/writer.js';
import type { Logger } from '../observability/logger.js';
import type { Surface } from '../protocols/registry.js';
import type { PlannedRoute, RoutePlan } from '../routing/plan.js';
import type { KeyEntry } from '../routing/table.js';
import { VaultError } from '../secrets/vault.js';
import { callerGone } from './answer-sink.js';
import { runAttempt } from './attempt.js';
import { readCallerRequest, type CallerRequest } from './caller-request.js';
import { chooseModel, planRoutes } from './choose-route.js';
import { isWorthAnotherRoute } from './failure-response.js';
import { holdBytes, type HeldBytes } from './held-bytes.js';
import { openLedger, type Ledger } from './ledger.js';
import { prepareFor, type Asked, type Prepared } from './prepare.js';
import type { ProviderCall, ProviderCallBuilder } from './provider-call.js';
import type { ReasoningMemory } from './reasoning-memory.js';
import { replyError, replyFailure } from './reply.js';
import { readBody } from './request-body.js';
import { routeHeaders } from './route-headers.js';
import type { UpstreamClient } from './upstream-client.js';

export interface ExchangeDeps {
  readonly journal: JournalWriter;
  readonly upstream: UpstreamClient;
  readonly calls: ProviderCallBuilder;
  readonly memory: ReasoningMemory;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Longest silence on an open stream. */
  readonly pingMs: number;
}

export interface ExchangeInput {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly surface: Surface;
  readonly caller: KeyEntry;
  /** Id of the usage event to be; the request id is its sibling. */
  readonly eventId: string;
}

/** A request with a model and ways to it. */
interface Journey extends Asked {
  readonly plan: RoutePlan;
  readonly ledger: Ledger;
}

export async function serveExchange(deps: ExchangeDeps, input: ExchangeInput): Promise<void> {
  const { surface, response, caller } = input;
  const { protocol } = surface;
  const requestId = siblingId('request', input.eventId);
  const body = await receive(input.request);
  let request: CallerRequest | null = null;
  let ledger: Ledger | null = null;
  const record = (reason: string | null): RequestRecord => ({
    id: input.eventId,
    workspaceId: caller.workspace.id,
    requestId,
    accessKeyId: caller.key.id,
    requestedModel: (request?.requestedModel ?? '').slice(0, REQUESTED_MODEL_MAX_CHARS),
    protocol: protocol.id,
    streamed: request?.reading.stream ?? false,
    tierId: null,
    tierSlug: null,
    reason,
  });
  try {
    request = readCallerRequest(surface, input.request.headers, body);
    const entry = chooseModel(caller, request.requestedModel);
    const plan = planRoutes(entry, surface);
    ledger = openLedger({ journal: deps.journal, clock: deps.clock, request: record(plan.reason) });
    await tryRoutes(deps, input, { request, surface, caller, requestId, plan, ledger });
  } catch (thrown) {
    const error = AppError.from(thrown);
    if (error.code === 'INTERNAL_SERVER_ERROR')
      deps.logger.error({ err: thrown, requestId }, 'request failed here');
    ledger ??= openLedger({ journal: deps.journal, clock: deps.clock, request: record(null) });
    const failure = rejection(error);
    ledger.attemptFailed(failure);
    ledger.end(error.status < 500 ? 'REJECTED' : 'FAILED', failure);
    replyError(response, protocol.errors, error, requestId);
  }
}

/** A new event id; the request id that the caller sees is its sibling. */
export function newEventId(clock: Clock): string {
  return newId('event', clock.now());
}

/** The body, held by nothing but what is returned. */
export async function receive(request: IncomingMessage): Promise<HeldBytes> {
  return holdBytes(await readBody(request));
}

async function tryRoutes(deps: ExchangeDeps, input: ExchangeInput, journey: Journey): Promise<void> {
  const { surface, response } = input;
  const { plan, ledger, requestId, request } = journey;
  let refusal: AppError | null = null;
  let last: { readonly failure: UpstreamFailure; readonly planned: PlannedRoute } | null = null;
  for (const planned of plan.routes) {
    const prepared = prepare(deps, planned, journey);
    if (prepared instanceof AppError) {
      // Another route may speak a dialect that has a way to say it.
      refusal ??= prepared;
      continue;
    }
    ledger.attemptStarted(planned.route);
    const call = buildCall(deps, planned, input, request);
    if (call === null) {
      last = { failure: unusableSecret(), planned };
      ledger.attemptFailed(last.failure);
      continue;
    }
    const outcome = await runAttempt({
      route: planned.route,
      call,
      body: prepared.body,
      answer: prepared.answer,
      errors: surface.protocol.errors,
      dispatcher: deps.upstream.dispatcherFor(planned.route.connection.billing),
      response,
      ledger,
      clock: deps.clock,
      logger: deps.logger,
      requestId,
      headers: routeHeaders({ planned, plan, attempts: ledger.attempts, prepared }),
      pingMs: deps.pingMs,
      onBegun: request.release,
    });
    if (outcome.kind === 'answered') return;
    if (outcome.kind === 'cancelled') {
      ledger.end('CANCELLED', callerGone());
      return;
    }
    ledger.attemptFailed(outcome.failure, outcome.measured);
    last = { failure: outcome.failure, planned };
    if (!isWorthAnotherRoute(outcome.failure)) break;
  }
  if (!last) {
    if (refusal) throw refusal;
    return;
  }
  ledger.end('FAILED', last.failure);
  replyFailure(response, surface.protocol.errors, {
    failure: last.failure,
    attempts: ledger.attempts,
    requestId,
    headers: routeHeaders({ planned: last.planned, plan, attempts: ledger.attempts }),
    clock: deps.clock,
  });
}

/** What the route is sent, or why it cannot be asked this. */
function prepare(deps: ExchangeDeps, planned: PlannedRoute, asked: Asked): Prepared | AppError {
  try {
    return prepareFor(planned, asked, deps);
  } catch (error) {
    if (error instanceof AppError && error.status < 500) return error;
    throw error;
  }
}

/** Null when the connection's secret does not open: another connection's may. */
function buildCall(
  { calls, logger }: ExchangeDeps,
  planned: PlannedRoute,
  { surface }: ExchangeInput,
  { headers, reading, conversation }: CallerRequest,
): ProviderCall | null {
  try {
    return calls.build(planned, {
      headers,
      spoken: surface.protocol.id,
      purpose: 'generation',
      stream: reading.stream,
      conversation,
    });
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    const connectionId = planned.route.connection.id;
    logger.error({ err: error, connectionId }, 'a connection secret does not open');
    return null;
  }
}

function unusableSecret(): UpstreamFailure {
  return {
    class: 'AUTHENTICATION',
    httpStatus: null,
    message: 'The stored credential of this connection cannot be opened; enter it again.',
    retryAt: null,
  };
}

function rejection(error: AppError): UpstreamFailure {
  const failureClass =
    error.code === 'MODEL_NOT_FOUND'
      ? 'MODEL_NOT_FOUND'
      : error.status < 500
        ? 'INVALID_REQUEST'
        : 'UPSTREAM_ERROR';
  return { class: failureClass, httpStatus: null, message: error.message, retryAt: null };
}
