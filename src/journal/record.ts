/**
 * What the gateway writes down about a request, as JSON inside the journal's frames.
 *
 * `begin` when a request is admitted, `progress` whenever something becomes known that must survive a crash (the target
 * of an attempt, tokens stated early in a stream), `end` with everything. An `end` is complete by itself; `begin` and
 * `progress` matter only when it never comes.
 */
import type { UpstreamFailure } from '../domain/failure.js';
import type { TokenCounts } from '../domain/tokens.js';
import type { PassedOver } from '../domain/usage.js';
import type { Billing, MeasurementSource, UsageStatus, WireProtocol } from '../domain/vocabulary.js';

/** Nano-dollars per million tokens, as decimal strings. */
export interface RatesRecord {
  readonly input: string;
  readonly output: string;
  readonly cacheRead: string | null;
  readonly cacheWrite: string | null;
}

/** Rates at some times of the day, as in `TimeOfDayRates`. */
export interface TimeOfDayRecord extends RatesRecord {
  readonly windows: readonly string[];
}

/** List price in force when the attempt was made. */
export interface PriceRecord extends RatesRecord {
  readonly id: string;
  /** Nano-dollars for every request; absent for none. */
  readonly perRequest?: string;
  readonly timesOfDay?: readonly TimeOfDayRecord[];
}

export interface AttemptRecord {
  readonly modelRef: string;
  readonly provider: string;
  /** As `provider/offering`. */
  readonly offering: string;
  readonly connectionId: string;
  readonly billing: Billing;
  readonly price: PriceRecord | null;
  readonly failure: UpstreamFailure | null;
  readonly tokens: TokenCounts;
  readonly tokenSource: MeasurementSource;
  readonly durationMs: number;
}

/** What is known of a request from its admission on. */
export interface RequestRecord {
  /** Id of the usage event to be. */
  readonly id: string;
  readonly workspaceId: string;
  readonly requestId: string;
  readonly accessKeyId: string;
  readonly requestedModel: string;
  readonly protocol: WireProtocol;
  readonly streamed: boolean;
  readonly tierId: string | null;
  readonly tierSlug: string | null;
  readonly reason: string | null;
}

export interface BeginRecord {
  readonly kind: 'begin';
  readonly request: RequestRecord;
}

export interface ProgressRecord {
  readonly kind: 'progress';
  readonly id: string;
  /** Every attempt so far, the running one last. */
  readonly attempts: readonly AttemptRecord[];
  readonly firstTokenMs: number | null;
}

export interface EndRecord {
  readonly kind: 'end';
  readonly request: RequestRecord;
  readonly occurredAt: number;
  readonly durationMs: number;
  readonly firstTokenMs: number | null;
  readonly status: UsageStatus;
  readonly failure: UpstreamFailure | null;
  readonly attempts: readonly AttemptRecord[];
  /** Absent for none, and in what earlier versions wrote. */
  readonly passedOver?: readonly PassedOver[];
}

export type JournalRecord = BeginRecord | ProgressRecord | EndRecord;
