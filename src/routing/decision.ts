/** What a routing decision is made from and what it says. The live decision and the dry run are the same code. */
import type { QuotaReading } from '../domain/quota.js';
import type { FailureClass, ModelCapability, SkipReason, WireProtocol } from '../domain/vocabulary.js';
import type { RouteEntry, TierEntry } from './table.js';

/** What a decision needs to know of a request. */
export interface RequestTraits {
  /** As the client sent it; empty when it sent none. */
  readonly model: string;
  /** Value of a header by its name in lower case. */
  readonly header: (name: string) => string | undefined;
  /** Null where no client speaks: a dry run takes any. */
  readonly protocol: WireProtocol | null;
  /** Whether the request can be put into another format. */
  readonly translatable: boolean;
  /** Input length, roughly. */
  readonly inputTokens: number;
  /** Output to price; what the client allowed at most, when it said so. */
  readonly outputTokens: number;
  /** Abilities the request needs. */
  readonly capabilities: readonly ModelCapability[];
  /** Computed only when the tier is to be chosen by it. */
  readonly classify: () => Classification;
}

/** How demanding a request is, and what said so. */
export interface Classification {
  readonly tierSlug: string;
  /** 0 to 1. */
  readonly score: number;
  /** Strongest first. */
  readonly signals: readonly Signal[];
  /** In words. */
  readonly reason: string;
}

export interface Signal {
  /** As `tool_count`. */
  readonly name: string;
  readonly value: number;
  readonly contribution: number;
}

/** What changes from one request to the next. The gateway knows it live, the control process from what is stored. */
export interface Conditions {
  readonly now: number;
  /** What keeps traffic from a model through a connection; null when nothing does. */
  hold(connectionId: string, modelRef: string): Hold | null;
  /** Quota windows of a connection. */
  quota(connectionId: string): readonly QuotaReading[];
  /** Typical time to the first token lately, in milliseconds; null when unknown. */
  firstTokenMs(connectionId: string, modelRef: string): number | null;
  /** Where the conversation was served last; null when it is new or forgotten. */
  readonly affinity: Affinity | null;
}

/** Where a conversation's cache is warm. */
export interface Affinity {
  readonly connectionId: string;
  readonly modelRef: string;
  /** Tier its last request was classified into; null when it was not. */
  readonly tierSlug: string | null;
}

export interface Hold {
  readonly class: FailureClass;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** Whether it may be tried all the same when nothing else can serve: a fault, not a refusal. */
  readonly soft: boolean;
  /** Set while a request is under way that finds out whether it is over, perhaps long before `until`. */
  readonly probing?: true;
}

/** How a hold is called where a way is passed over for it. */
export function skipOf(hold: Hold): SkipReason {
  return hold.class === 'QUOTA_EXHAUSTED' ? 'QUOTA_EXHAUSTED' : 'COOLING_DOWN';
}

/** One way to serve the request, usable or not. */
export interface Candidate {
  readonly modelRef: string;
  /** Null when skipped for want of one. */
  readonly route: RouteEntry | null;
  /** Format it is called with; null when skipped before that mattered. */
  readonly protocol: WireProtocol | null;
  /** Null when usable. */
  readonly skip: SkipReason | null;
  /** When it may be usable again, in milliseconds since the epoch; null when unknown or usable. */
  readonly until: number | null;
  /** Whether it may be tried when nothing else is left. */
  readonly lastResort: boolean;
  /** Tier whose target it is; null when the model was named. */
  readonly tier: TierEntry | null;
}

export interface Decision {
  /** Null when a model was named outright. */
  readonly tier: TierEntry | null;
  /** In a word that also goes to the client, such as `rule`, `classified`, `model_named`. */
  readonly reason: string;
  /** In words, for operators. */
  readonly explanation: string;
  readonly classification: Classification | null;
  /** In the order they would be tried, skipped ones included. */
  readonly candidates: readonly Candidate[];
  readonly retryOn: readonly FailureClass[];
  readonly maxAttempts: number;
}
