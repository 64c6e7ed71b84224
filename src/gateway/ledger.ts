/** What is written to the journal about one request, from its admission to its end. */
import { PASSED_OVER_MAX } from '../config/usage-limits.js';
import type { Clock } from '../domain/clock.js';
import type { UpstreamFailure } from '../domain/failure.js';
import { NO_TOKENS, type TokenCounts } from '../domain/tokens.js';
import type { PassedOver } from '../domain/usage.js';
import type { MeasurementSource, UsageStatus } from '../domain/vocabulary.js';
import type { AttemptRecord, EndRecord, RequestRecord } from '../journal/record.js';
import type { JournalWriter } from '../journal/writer.js';
import type { RouteEntry } from '../routing/table.js';

export interface Measured {
  readonly tokens: TokenCounts;
  readonly tokenSource: MeasurementSource;
}

const NOTHING_MEASURED: Measured = { tokens: NO_TOKENS, tokenSource: 'REPORTED' };

export interface Ledger {
  readonly attempts: number;
  /** A way is not tried. */
  passedOver(way: PassedOver): void;
  /** A call to a provider begins. */
  attemptStarted(route: RouteEntry): void;
  attemptFailed(failure: UpstreamFailure, measured?: Measured): void;
  attemptAnswered(measured: Measured): void;
  /** The first content frame went to the caller. */
  firstToken(): void;
  /** Tokens known before the end, so that a crash does not lose them. */
  progress(measured: Measured): void;
  /** Writes the end once; when this returns, a crash of this process can no longer lose the request. */
  end(status: UsageStatus, failure: UpstreamFailure | null): void;
}

export interface LedgerOptions {
  readonly journal: JournalWriter;
  readonly clock: Clock;
  readonly request: RequestRecord;
  /** Called once, with what was written. */
  readonly onEnd?: (end: EndRecord) => void;
}

export function openLedger({ journal, clock, request, onEnd }: LedgerOptions): Ledger {
  const startedAt = clock.monotonic();
  const attempts: AttemptRecord[] = [];
  const passedOver: PassedOver[] = [];
  let attemptStartedAt = startedAt;
  let firstTokenMs: number | null = null;
  let ended = false;
  const since = (start: number): number => Math.round(clock.monotonic() - start);
  const settleAttempt = (failure: UpstreamFailure | null, measured: Measured): void => {
    const attempt = attempts.at(-1);
    if (attempt)
      attempts[attempts.length - 1] = {
        ...attempt,
        ...measured,
        failure,
        durationMs: since(attemptStartedAt),
      };
  };
  const writeProgress = (): void =>
    journal.append({ kind: 'progress', id: request.id, attempts: [...attempts], firstTokenMs });

  journal.append({ kind: 'begin', request });
  return {
    get attempts() {
      return attempts.length;
    },
    passedOver(way) {
      if (passedOver.length < PASSED_OVER_MAX) passedOver.push(way);
    },
    attemptStarted(route) {
      attemptStartedAt = clock.monotonic();
      attempts.push({
        modelRef: route.model.ref,
        provider: route.connection.provider,
        offering: `${route.connection.provider}/${route.connection.offering}`,
        connectionId: route.connection.id,
        billing: route.connection.billing,
        price: route.model.price,
        failure: null,
        ...NOTHING_MEASURED,
        durationMs: 0,
      });
      writeProgress();
    },
    attemptFailed: (failure, measured = NOTHING_MEASURED) => settleAttempt(failure, measured),
    attemptAnswered: (measured) => settleAttempt(null, measured),
    firstToken() {
      firstTokenMs ??= since(startedAt);
    },
    progress(measured) {
      settleAttempt(null, measured);
      writeProgress();
    },
    end(status, failure) {
      if (ended) return;
      ended = true;
      const end: EndRecord = {
        kind: 'end',
        request,
        occurredAt: clock.now(),
        durationMs: since(startedAt),
        firstTokenMs,
        status,
        failure,
        attempts,
        ...(passedOver.length > 0 && { passedOver }),
      };
      journal.append(end);
      journal.flush();
      onEnd?.(end);
    },
  };
}
