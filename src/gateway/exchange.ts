/** One request of an agent: read, resolved, planned, tried route by route, answered. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { REQUESTED_MODEL_MAX_CHARS } from '../config/limits.js';
import type { Clock } from '../domain/clock.js';
import { AppError } from '../domain/errors.js';
import type { UpstreamFailure } from '../domain/failure.js';
import { newId, siblingId } from '../domain/ids.js';
import type { RequestRecord } from '../journal/record.js';
import type { JournalWriter } from '../journal/writer.js';
import type { Logger } from '../observability/logger.js';
import {
  applyEdits,
  JsonSyntaxError,
  parseSpan,
  scanObject,
  type JsonMembers,
} from '../protocols/json-scan.js';
import type { Protocol, RequestReading } from '../protocols/protocol.js';
import { isAllowed, planNamedModel, type RoutePlan } from '../routing/plan.js';
import { resolveModel } from '../routing/resolve.js';
import type { KeyEntry, ModelEntry, RouteEntry } from '../routing/table.js';
import { VaultError } from '../secrets/vault.js';
import { callerGone } from './answer-sink.js';
import { runAttempt } from './attempt.js';
import { isWorthAnotherRoute } from './failure-response.js';
import { openLedger, type Ledger } from './ledger.js';
import type { CallerRequest, ProviderCall, ProviderCallBuilder } from './provider-call.js';
import { replyError, replyFailure, type HeaderList } from './reply.js';
import { readBody } from './request-body.js';
import type { UpstreamClient } from './upstream-client.js';

export interface ExchangeDeps {
  readonly journal: JournalWriter;
  readonly upstream: UpstreamClient;
  readonly calls: ProviderCallBuilder;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ExchangeInput {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly protocol: Protocol;
  readonly caller: KeyEntry;
  /** Id of the usage event to be; the request id is its sibling. */
  readonly eventId: string;
}

/** A request that was understood. */
interface Understood {
  readonly body: Buffer;
  readonly members: JsonMembers;
  readonly requestedModel: string;
  readonly reading: RequestReading;
}

export async function serveExchange(deps: ExchangeDeps, input: ExchangeInput): Promise<void> {
  const { protocol, response, caller } = input;
  const requestId = siblingId('request', input.eventId);
  const body = await readBody(input.request);
  let understood: Understood | null = null;
  let ledger: Ledger | null = null;
  const record = (reason: string | null): RequestRecord => ({
    id: input.eventId,
    workspaceId: caller.workspace.id,
    requestId,
    accessKeyId: caller.key.id,
    requestedModel: (understood?.requestedModel ?? '').slice(0, REQUESTED_MODEL_MAX_CHARS),
    protocol: protocol.id,
    streamed: understood?.reading.stream ?? false,
    tierId: null,
    tierSlug: null,
    reason,
  });
  try {
    understood = understand(protocol, body);
    const entry = chooseModel(caller, understood.requestedModel);
    const plan = planRoutes(entry, protocol);
    ledger = openLedger({ journal: deps.journal, clock: deps.clock, request: record(plan.reason) });
    await tryRoutes(deps, input, { ...understood, plan, ledger, requestId });
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

function understand(protocol: Protocol, body: Buffer): Understood {
  try {
    const members = scanObject(body);
    // The name that was checked here must be the one that is read there.
    if (members.repeated.includes('model')) {
      throw new AppError('BAD_REQUEST', '"model" stands there more than once; send it once.');
    }
    const span = members.values.get('model');
    const model = span === undefined ? null : parseSpan(body, span);
    if (model !== null && typeof model !== 'string') {
      throw new AppError('BAD_REQUEST', '"model" must be a string such as "zai/glm-5.1".');
    }
    return { body, members, requestedModel: model ?? '', reading: protocol.readRequest(body, members) };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new AppError('INVALID_JSON', `The request body is not valid JSON: ${error.message}.`, {
      cause: error,
    });
  }
}

function chooseModel(caller: KeyEntry, name: string): ModelEntry {
  const resolution = resolveModel(caller.workspace, name === '' ? null : name);
  switch (resolution.kind) {
    case 'model': {
      const { ref } = resolution.entry.model;
      if (!isAllowed(caller.key, ref)) {
        throw new AppError(
          'FORBIDDEN',
          `This access key may not use ${ref}. GET /v1/models lists what it may use.`,
        );
      }
      return resolution.entry;
    }
    case 'auto':
      throw new AppError(
        'MODEL_REQUIRED',
        'No model was named. Send "model" as provider/model; GET /v1/models lists them.',
      );
    case 'ambiguous':
      throw new AppError(
        'MODEL_AMBIGUOUS',
        `Several providers serve "${name}". Name one of ${resolution.candidates.join(', ')}.`,
      );
    case 'unknown':
      throw new AppError(
        'MODEL_NOT_FOUND',
        `There is no model "${name}" here. GET /v1/models lists those there are.`,
      );
  }
}

function planRoutes(entry: ModelEntry, protocol: Protocol): RoutePlan {
  const plan = planNamedModel(entry, protocol.id);
  if (plan.routes.length > 0) return plan;
  const spoken = [...new Set(entry.routes.flatMap((route) => route.protocols))];
  throw new AppError(
    'PROTOCOL_UNSUPPORTED',
    `${entry.model.ref} cannot be called as ${protocol.id}; it speaks ${spoken.join(' and ') || 'nothing at the moment'}.`,
  );
}

async function tryRoutes(
  deps: ExchangeDeps,
  input: ExchangeInput,
  plan: Understood & { plan: RoutePlan; ledger: Ledger; requestId: string },
): Promise<void> {
  const { protocol, response } = input;
  const { ledger, requestId, members, body } = plan;
  const { usageEdits } = plan.reading;
  let last: { failure: UpstreamFailure; route: RouteEntry } | null = null;
  for (const route of plan.plan.routes) {
    ledger.attemptStarted(route);
    const call = buildCall(deps, route, protocol, { headers: input.request.headers, body, members });
    if (call === null) {
      last = { failure: unusableSecret(), route };
      ledger.attemptFailed(last.failure);
      continue;
    }
    const outcome = await runAttempt({
      route,
      protocol,
      call,
      body: forProvider(body, members, route, usageEdits),
      dispatcher: deps.upstream.dispatcherFor(route.connection.billing),
      response,
      ledger,
      clock: deps.clock,
      requestId,
      headers: routeHeaders(route, plan.plan, ledger),
      hideUsage: usageEdits.length > 0,
    });
    if (outcome.kind === 'answered') return;
    if (outcome.kind === 'cancelled') {
      ledger.end('CANCELLED', callerGone());
      return;
    }
    ledger.attemptFailed(outcome.failure);
    last = { failure: outcome.failure, route };
    if (!isWorthAnotherRoute(outcome.failure)) break;
  }
  if (!last) return;
  ledger.end('FAILED', last.failure);
  replyFailure(response, protocol.errors, {
    failure: last.failure,
    attempts: ledger.attempts,
    requestId,
    headers: routeHeaders(last.route, plan.plan, ledger),
    clock: deps.clock,
  });
}

/** Null when the connection's secret does not open: another connection's may. */
function buildCall(
  { calls, logger }: ExchangeDeps,
  route: RouteEntry,
  protocol: Protocol,
  request: CallerRequest,
): ProviderCall | null {
  try {
    return calls.build(route, protocol.id, request);
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    logger.error({ err: error, connectionId: route.connection.id }, 'a connection secret does not open');
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

/** The caller's bytes with the provider's own name for the model, and usage asked for. */
function forProvider(
  body: Buffer,
  members: JsonMembers,
  route: RouteEntry,
  usageEdits: RequestReading['usageEdits'],
): Buffer {
  const model = members.values.get('model');
  if (!model) return applyEdits(body, usageEdits);
  return applyEdits(body, [{ ...model, text: JSON.stringify(route.model.upstreamId) }, ...usageEdits]);
}

function routeHeaders(route: RouteEntry, plan: RoutePlan, ledger: Ledger): HeaderList {
  const { provider, offering, id } = route.connection;
  return [
    'x-switchyard-model',
    headerSafe(route.model.ref),
    'x-switchyard-provider',
    provider,
    'x-switchyard-offering',
    `${provider}/${offering}`,
    'x-switchyard-connection',
    id,
    'x-switchyard-reason',
    plan.reason,
    'x-switchyard-attempts',
    String(ledger.attempts),
  ];
}

// Upstream ids are the providers' and may hold what a header may not.
function headerSafe(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURI(text);
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
