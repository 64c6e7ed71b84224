/** What is known of one request once it ended: the shape that travels from the journal to the database and to subscribers. */
import type { UpstreamFailure } from './failure.js';
import type { NanoUsd } from './money.js';
import type { TokenCounts } from './tokens.js';
import type { Billing, MeasurementSource, SkipReason, UsageStatus, WireProtocol } from './vocabulary.js';

/** One call to a provider while serving a request. */
export interface UsageAttempt {
  readonly modelRef: string;
  readonly provider: string;
  /** As `provider/offering`. */
  readonly offering: string;
  readonly connectionId: string;
  readonly billing: Billing;
  /** Null when it answered. */
  readonly failure: UpstreamFailure | null;
  readonly tokens: TokenCounts;
  readonly tokenSource: MeasurementSource;
  /** Zero on a subscription; null when the price is unknown. */
  readonly costNanoUsd: NanoUsd | null;
  readonly listCostNanoUsd: NanoUsd | null;
  /** Version of the price the costs were computed with. */
  readonly priceId: string | null;
  readonly durationMs: number;
}

/** A way to serve a request that would have come before those that were tried, and why it was not tried. */
export interface PassedOver {
  readonly modelRef: string;
  /** As `provider/offering`; null when there was no connection to use. */
  readonly offering: string | null;
  readonly connectionId: string | null;
  readonly reason: SkipReason;
}

/** One request by an agent, with every attempt it took. Tokens and costs are the sums over its attempts. */
export interface UsageEvent {
  readonly id: string;
  readonly workspaceId: string;
  /** When it was admitted; the time inside `id`. */
  readonly startedAt: number;
  /** When it was answered. */
  readonly occurredAt: number;
  readonly requestId: string;
  readonly requestedModel: string;
  /** Of the attempt that answered, else of the last one; null when there was none. */
  readonly modelRef: string | null;
  readonly provider: string | null;
  readonly offering: string | null;
  readonly connectionId: string | null;
  readonly billing: Billing | null;
  readonly tierId: string | null;
  readonly tierSlug: string | null;
  readonly accessKeyId: string;
  readonly protocol: WireProtocol;
  readonly streamed: boolean;
  readonly status: UsageStatus;
  readonly failure: UpstreamFailure | null;
  readonly tokens: TokenCounts;
  readonly tokenSource: MeasurementSource;
  readonly costNanoUsd: NanoUsd | null;
  readonly listCostNanoUsd: NanoUsd | null;
  readonly priceId: string | null;
  readonly durationMs: number;
  /** Null unless streamed and begun. */
  readonly firstTokenMs: number | null;
  /** Why this target was chosen, as told to the client. */
  readonly reason: string | null;
  /** In the order met, the first ones; what was not written down, as by a gateway that died, is not in it. */
  readonly passedOver: readonly PassedOver[];
  readonly attempts: readonly UsageAttempt[];
}

/** An event with its place in commit order. Attempts are loaded on demand. */
export interface StoredUsageEvent extends Omit<UsageEvent, 'attempts'> {
  /** Whoever has seen n has seen everything below n. */
  readonly seq: number;
}

/** The attempt that a request is named after: the one that answered, else the last. */
export function namedAttempt<T extends Pick<UsageAttempt, 'failure'>>(attempts: readonly T[]): T | null {
  return attempts.findLast(({ failure }) => failure === null) ?? attempts.at(-1) ?? null;
}
