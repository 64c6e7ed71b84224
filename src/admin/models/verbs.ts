/** What operators do with models. */
import type { ModelRecord, Page } from '../../domain/records.js';
import type { Billing, ModelCapability, ModelState } from '../../domain/vocabulary.js';
import type { AdminContext } from '../actor.js';
import type { PageRequest } from '../page.js';
import type { Result } from '../result.js';

/** Decimal dollars. */
export interface CustomPriceInput {
  readonly inputUsdPerMillion: string;
  readonly outputUsdPerMillion: string;
  readonly cacheReadUsdPerMillion?: string | null;
  readonly cacheWriteUsdPerMillion?: string | null;
}

export interface ModelFilter {
  readonly search?: string;
  readonly providers?: readonly string[];
  readonly billing?: Billing;
  readonly capabilities?: readonly ModelCapability[];
  /** `AVAILABLE` and `STALE` when absent. */
  readonly states?: readonly ModelState[];
  readonly enabled?: boolean;
  readonly connectionId?: string;
}

/** Absent fields stay. */
export interface ModelUpdateInput {
  readonly enabled?: boolean;
  /** Null drops the operator's own price. */
  readonly listPrice?: CustomPriceInput | null;
}

export interface ModelOrder {
  readonly field: 'REF' | 'INPUT_PRICE' | 'CONTEXT_WINDOW' | 'FIRST_SEEN_AT';
  readonly direction: 'ASC' | 'DESC';
}

export interface ModelVerbs {
  list(
    context: AdminContext,
    page: PageRequest,
    filter: ModelFilter,
    order: ModelOrder,
  ): Promise<Page<ModelRecord>>;
  byRef(context: AdminContext, ref: string): Promise<ModelRecord | null>;
  /** In the order of `refs`; null where there is none. */
  byRefs(context: AdminContext, refs: readonly string[]): Promise<readonly (ModelRecord | null)[]>;
  byIds(context: AdminContext, ids: readonly string[]): Promise<readonly (ModelRecord | null)[]>;
  update(context: AdminContext, id: string, input: ModelUpdateInput): Promise<Result<ModelRecord>>;
}
