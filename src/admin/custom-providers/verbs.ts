/** What operators do with providers: look at all, describe their own. */
import type { Billing, CredentialKind, ModelCapability, WireProtocol } from '../../domain/vocabulary.js';
import type { ProviderDefinition } from '../../providers/define-provider.js';
import type { ProviderSet } from '../../providers/provider-set.js';
import type { AdminContext } from '../actor.js';
import type { CustomPriceInput } from '../models/verbs.js';
import type { Result } from '../result.js';

export interface CustomProviderCreateInput {
  readonly slug: string;
  readonly name: string;
  readonly billing: Billing;
  readonly credential: CredentialKind;
  readonly protocol: WireProtocol;
  readonly baseUrl: string;
  readonly liveCatalog: boolean;
  readonly models: readonly CustomModelInput[];
}

/** Absent fields stay. */
export type CustomProviderUpdateInput = Partial<
  Pick<CustomProviderCreateInput, 'name' | 'protocol' | 'baseUrl' | 'liveCatalog' | 'models'>
>;

export interface CustomModelInput {
  readonly upstreamId: string;
  readonly displayName?: string | null;
  readonly contextWindow?: number | null;
  readonly maxOutputTokens?: number | null;
  readonly capabilities?: readonly ModelCapability[] | null;
  readonly listPrice?: CustomPriceInput | null;
}

export interface ProviderVerbs {
  /** Built in and described; asks for no scope, because whoever sees something of a provider sees its name. */
  known(context: AdminContext): Promise<ProviderSet>;
  create(context: AdminContext, input: CustomProviderCreateInput): Promise<Result<ProviderDefinition>>;
  update(
    context: AdminContext,
    id: string,
    input: CustomProviderUpdateInput,
  ): Promise<Result<ProviderDefinition>>;
  remove(context: AdminContext, id: string): Promise<Result<string>>;
}
