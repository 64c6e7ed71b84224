/** Turns what the journal says about a request into a usage event: costs, sums over attempts, and values a database can hold. */
import { timeOfId } from '../domain/ids.js';
import type { UpstreamFailure } from '../domain/failure.js';
import type { NanoUsd } from '../domain/money.js';
import { addTokens, NO_TOKENS, totalTokens, type TokenCounts } from '../domain/tokens.js';
import { namedAttempt, type PassedOver, type UsageAttempt, type UsageEvent } from '../domain/usage.js';
import type { UsageStatus } from '../domain/vocabulary.js';
import { chargeAttempt, storableInt } from '../journal/charge.js';
import type { ClosedRequest } from '../journal/reader.js';
import type { AttemptRecord, RequestRecord } from '../journal/record.js';

const INTERRUPTED_MESSAGE = 'The gateway stopped before the answer was complete.';

/** The event of a request that ended, or whose gateway died. */
export function usageEventOf(closed: ClosedRequest): UsageEvent {
  if (closed.kind === 'ended') {
    const { end } = closed;
    const startedAt = timeOfId(end.request.id);
    const attempts = end.attempts.map((attempt) => priceAttempt(attempt, startedAt));
    return buildEvent(end.request, attempts, {
      occurredAt: end.occurredAt,
      durationMs: end.durationMs,
      firstTokenMs: end.firstTokenMs,
      status: end.status,
      failure: end.failure,
      passedOver: end.passedOver ?? [],
    });
  }
  const failure: UpstreamFailure = {
    class: 'INTERRUPTED',
    httpStatus: null,
    message: INTERRUPTED_MESSAGE,
    retryAt: null,
  };
  const startedAt = timeOfId(closed.request.id);
  const spentMs = closed.attempts.reduce((sum, attempt) => sum + attempt.durationMs, 0);
  const occurredAt = Math.max(closed.occurredAt, startedAt + spentMs, startedAt + (closed.firstTokenMs ?? 0));
  const attempts = closed.attempts.map((attempt, i) =>
    // The last one was still running.
    priceAttempt(
      i === closed.attempts.length - 1 ? { ...attempt, failure: attempt.failure ?? failure } : attempt,
      startedAt,
    ),
  );
  return buildEvent(closed.request, attempts, {
    occurredAt,
    durationMs: occurredAt - startedAt,
    firstTokenMs: closed.firstTokenMs,
    status: 'FAILED',
    failure,
    passedOver: [],
  });
}

/** An attempt with its costs; `at` is the moment of its request. */
export function priceAttempt(record: AttemptRecord, at: number): UsageAttempt {
  return {
    modelRef: storableText(record.modelRef),
    provider: record.provider,
    offering: record.offering,
    connectionId: record.connectionId,
    billing: record.billing,
    failure: storableFailure(record.failure),
    ...chargeAttempt(record, at),
    tokenSource: record.tokenSource,
    durationMs: storableInt(record.durationMs),
  };
}

interface Outcome {
  readonly occurredAt: number;
  readonly durationMs: number;
  readonly firstTokenMs: number | null;
  readonly status: UsageStatus;
  readonly failure: UpstreamFailure | null;
  readonly passedOver: readonly PassedOver[];
}

function buildEvent(request: RequestRecord, attempts: readonly UsageAttempt[], outcome: Outcome): UsageEvent {
  const named = namedAttempt(attempts);
  const estimated = attempts.some(
    ({ tokens, tokenSource }) => tokenSource === 'ESTIMATED' && totalTokens(tokens) > 0,
  );
  return {
    id: request.id,
    workspaceId: request.workspaceId,
    startedAt: timeOfId(request.id),
    occurredAt: Math.round(outcome.occurredAt),
    requestId: storableText(request.requestId),
    requestedModel: storableText(request.requestedModel),
    modelRef: named?.modelRef ?? null,
    provider: named?.provider ?? null,
    offering: named?.offering ?? null,
    connectionId: named?.connectionId ?? null,
    billing: named?.billing ?? null,
    tierId: request.tierId,
    tierSlug: request.tierSlug,
    accessKeyId: request.accessKeyId,
    protocol: request.protocol,
    streamed: request.streamed,
    status: outcome.status,
    failure: storableFailure(outcome.failure),
    tokens: attempts.reduce<TokenCounts>((sum, { tokens }) => addTokens(sum, tokens), NO_TOKENS),
    tokenSource: estimated ? 'ESTIMATED' : 'REPORTED',
    ...costsOf(attempts),
    durationMs: storableInt(outcome.durationMs),
    firstTokenMs: outcome.firstTokenMs === null ? null : storableInt(outcome.firstTokenMs),
    reason: request.reason === null ? null : storableText(request.reason),
    passedOver: outcome.passedOver.map((way) => ({ ...way, modelRef: storableText(way.modelRef) })),
    attempts,
  };
}

/** An event's costs: the sums over its attempts, and the price version of the attempt it is named after. */
export function costsOf(
  attempts: readonly UsageAttempt[],
): Pick<UsageEvent, 'costNanoUsd' | 'listCostNanoUsd' | 'priceId'> {
  return {
    costNanoUsd: sumKnown(attempts.map(({ costNanoUsd }) => costNanoUsd)),
    listCostNanoUsd: sumKnown(attempts.map(({ listCostNanoUsd }) => listCostNanoUsd)),
    priceId: namedAttempt(attempts)?.priceId ?? null,
  };
}

/** The sum, or null as soon as one part is unknown. */
function sumKnown(parts: readonly (NanoUsd | null)[]): NanoUsd | null {
  let sum = 0n;
  for (const part of parts) {
    if (part === null) return null;
    sum += part;
  }
  return sum;
}

// What follows keeps one odd record from blocking every record behind it: Postgres refuses NUL and lone surrogates in
// text, and fractions in counts.

function storableText(text: string): string {
  return text.replace(/[\0\p{Surrogate}]/gu, '\ufffd');
}

function storableFailure(failure: UpstreamFailure | null): UpstreamFailure | null {
  if (failure === null) return null;
  const { httpStatus, retryAt } = failure;
  return {
    class: failure.class,
    httpStatus: httpStatus === null ? null : storableInt(httpStatus),
    message: storableText(failure.message),
    retryAt: retryAt === null || !Number.isFinite(retryAt) ? null : Math.round(retryAt),
  };
}
