/** What operators do with gateway keys. */
import type { NanoUsd } from '../../domain/money.js';
import type { AccessKeyRecord, Page } from '../../domain/records.js';
import type { LimitWindow } from '../../domain/vocabulary.js';
import type { AdminContext } from '../actor.js';
import type { PageRequest } from '../page.js';
import type { Result } from '../result.js';
import type { RotatedKey } from './rotate.js';

export type AccessKeyState = 'ACTIVE' | 'ROTATING' | 'SUSPENDED' | 'EXPIRED' | 'REVOKED';

export interface AccessKeyFilter {
  readonly search?: string;
  /** All but `REVOKED` when absent. */
  readonly states?: readonly AccessKeyState[];
}

export interface AccessKeyCreateInput {
  readonly name: string;
  /** References and `provider/*` patterns; empty for all. */
  readonly allowedModels: readonly string[];
  /** Empty for all. */
  readonly allowedTierIds?: readonly string[];
  readonly defaultTierId?: string;
  readonly tags?: readonly string[];
  readonly budget?: BudgetInput;
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly maxConcurrency?: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
  readonly idempotencyKey?: string;
}

/** Absent fields stay; null removes a limit. */
export interface AccessKeyUpdateInput {
  readonly name?: string;
  readonly allowedModels?: readonly string[];
  readonly allowedTierIds?: readonly string[];
  readonly defaultTierId?: string | null;
  readonly tags?: readonly string[];
  readonly budget?: BudgetInput | null;
  readonly requestsPerMinute?: number | null;
  readonly tokensPerMinute?: number | null;
  readonly maxConcurrency?: number | null;
  readonly expiresAt?: number | null;
}

/** Decimal dollars. */
export interface BudgetInput {
  readonly limitUsd: string;
  readonly window: LimitWindow;
}

export interface AccessKeyVerbs {
  list(context: AdminContext, page: PageRequest, filter: AccessKeyFilter): Promise<Page<AccessKeyRecord>>;
  byIds(context: AdminContext, ids: readonly string[]): Promise<readonly (AccessKeyRecord | null)[]>;
  /** `plaintext` is null on an idempotent repeat. */
  create(
    context: AdminContext,
    input: AccessKeyCreateInput,
  ): Promise<Result<{ accessKey: AccessKeyRecord; plaintext: string | null }>>;
  update(context: AdminContext, id: string, input: AccessKeyUpdateInput): Promise<Result<AccessKeyRecord>>;
  rotate(context: AdminContext, id: string, gracePeriodSeconds: number): Promise<Result<RotatedKey>>;
  revoke(context: AdminContext, id: string): Promise<Result<AccessKeyRecord>>;
  /** What each spent in the present window of its budget. */
  spent(context: AdminContext, keys: readonly AccessKeyRecord[]): Promise<readonly NanoUsd[]>;
  /** `spent`: in the present window of its budget. */
  state(key: AccessKeyRecord, spent: NanoUsd): AccessKeyState;
}
