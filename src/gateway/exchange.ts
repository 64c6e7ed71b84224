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
import type { KeyEntry } from '../routing/table.js';
import type { Admission, Admitted, Refused } from './admission.js';
import { callerGone } from './answer-sink.js';
import { readCallerRequest, type CallerRequest } from './caller-request.js';
import type { Concurrency } from './concurrency.js';
import { holdBytes, type HeldBytes } from './held-bytes.js';
import { openLedger, type Ledger } from './ledger.js';
import { routeRequest, type LiveRouting, type Routed } from './live-routing.js';
import type { ProviderCallBuilder } from './provider-call.js';
import type { QuotaHeaders } from './quota-headers.js';
import type { ReasoningMemory } from './reasoning-memory.js';
import { replyError, replyFailure } from './reply.js';
import { readBody } from './request-body.js';
import { routeHeaders, tierHeaders } from './route-headers.js';
import { serveRouted, type Journey, type Outcome } from './serve-routed.js';
import { outputBound } from './traits.js';
import { opensAgainAt, whyUnserved } from './unserved.js';
import type { UpstreamClient } from './upstream-client.js';

export interface ExchangeDeps {
  readonly journal: JournalWriter;
  readonly upstream: UpstreamClient;
  readonly calls: ProviderCallBuilder;
  readonly memory: ReasoningMemory;
  readonly live: LiveRouting;
  readonly concurrency: Concurrency;
  readonly admission: Admission;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Longest silence on an open stream. */
  readonly pingMs: number;
  readonly bounds: RequestBounds;
  /** Takes note of what answers say about plans in their headers; left out where nobody wants to know. */
  readonly quotaHeaders?: QuotaHeaders;
}

/** What a request may take. */
export interface RequestBounds {
  /** Until its answer begins, over all attempts. */
  readonly deadlineMs: number;
  /** Of this, waiting for a place where all of its connections are at their bound. */
  readonly placeWaitMs: number;
  /** Requests that wait for one at a time. */
  readonly waitingMax: number;
}

export interface ExchangeInput {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly surface: Surface;
  readonly caller: KeyEntry;
  /** Id of the usage event to be; the request id is its sibling. */
  readonly eventId: string;
}

export async function serveExchange(deps: ExchangeDeps, input: ExchangeInput): Promise<void> {
  const { surface, response, caller } = input;
  const { protocol } = surface;
  const requestId = siblingId('request', input.eventId);
  const body = await receive(input.request);
  let request: CallerRequest | null = null;
  let ledger: Ledger | null = null;
  let routed: Routed | null = null;
  let admitted: Admitted | null = null;
  const record = (): RequestRecord => ({
    id: input.eventId,
    workspaceId: caller.workspace.id,
    requestId,
    accessKeyId: caller.key.id,
    requestedModel: (request?.requestedModel ?? '').slice(0, REQUESTED_MODEL_MAX_CHARS),
    protocol: protocol.id,
    streamed: request?.reading.stream ?? false,
    tierId: routed?.decision.tier?.tier.id ?? null,
    tierSlug: routed?.decision.tier?.tier.slug ?? null,
    reason: routed?.decision.reason ?? null,
  });
  try {
    request = readCallerRequest(surface, input.request.headers, body);
    routed = await routeRequest(deps.live, { caller, surface, request });
    ledger = openLedger({
      journal: deps.journal,
      clock: deps.clock,
      request: record(),
      onEnd: (end) => admitted?.settle(end),
    });
    const admission = deps.admission.unlimited(caller, routed) ?? (await admit(deps, input, request, routed));
    if (admission.kind === 'refused')
      return refuse(deps, response, { surface, requestId, ledger, admission });
    admitted = admission;
    const journey: Journey = {
      request,
      surface,
      caller,
      requestId,
      routed: admission.routed,
      admitted,
      ledger,
    };
    conclude(deps, response, journey, await serveRouted(deps, response, journey));
  } catch (thrown) {
    const error = AppError.from(thrown);
    if (error.code === 'INTERNAL_SERVER_ERROR')
      deps.logger.error({ err: thrown, requestId }, 'request failed here');
    ledger ??= openLedger({ journal: deps.journal, clock: deps.clock, request: record() });
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

/** Waits, where it has to, only as long as the caller does. */
async function admit(
  { admission }: ExchangeDeps,
  { eventId, caller, request: { socket } }: ExchangeInput,
  request: CallerRequest,
  routed: Routed,
): Promise<Admitted | Refused> {
  const gone = new AbortController();
  const giveUp = (): void => gone.abort();
  socket.once('close', giveUp);
  try {
    const outputMax = outputBound(request);
    return await admission.admit({ id: eventId, caller, routed, outputMax, signal: gone.signal });
  } finally {
    socket.off('close', giveUp);
  }
}

interface Refusal {
  readonly surface: Surface;
  readonly requestId: string;
  readonly ledger: Ledger;
  readonly admission: Refused;
}

/** No provider was asked. */
function refuse(
  { clock }: ExchangeDeps,
  response: ServerResponse,
  { surface, requestId, ledger, admission: { failure, headers } }: Refusal,
): void {
  ledger.end('REJECTED', failure);
  replyFailure(response, surface.protocol.errors, { failure, attempts: 0, requestId, headers, clock });
}

/** Says how it ended to whoever has no answer yet. Throws what the request itself is to be refused with. */
function conclude(deps: ExchangeDeps, response: ServerResponse, journey: Journey, outcome: Outcome): void {
  const { ledger, requestId, surface, routed } = journey;
  if (outcome.kind === 'served') return;
  const attempts = ledger.attempts;
  if (outcome.kind === 'failed') {
    const { planned, over } = outcome;
    const failure = { ...outcome.failure, retryAt: opensAgainAt(routed, outcome, deps.clock.now()) };
    ledger.end('FAILED', failure);
    const headers = routeHeaders({ planned, routed, attempts, over });
    return replyFailure(response, surface.protocol.errors, {
      failure,
      attempts,
      requestId,
      headers,
      clock: deps.clock,
    });
  }
  // A caller that left while its request waited for a place.
  if (response.req.socket.destroyed) return ledger.end('CANCELLED', callerGone());
  if (outcome.refusal) throw outcome.refusal;
  const why = whyUnserved(routed, surface, outcome.busy, deps.clock.now());
  if (why instanceof AppError) throw why;
  ledger.end('REJECTED', why);
  const reply = { failure: why, attempts, requestId, headers: tierHeaders(routed), clock: deps.clock };
  replyFailure(response, surface.protocol.errors, reply);
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
