/** What operators do with gateway keys. */
import type { NanoUsd } from '../../domain/money.js';
import type { AccessKeyRecord, Page } from '../../domain/records.js';
import type { LimitWindow } from '../../domain/vocabulary.js';
import type { AdminContext } from '../actor.js';
import type { AccessKeyCreateInput, AccessKeyFilter, AccessKeyState, PageRequest } from '../admin.js';
import type { Result } from '../result.js';
import type { RotatedKey } from './rotate.js';

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
