/** NVIDIA's hosted NIM endpoints: open models for trials, paid by credits. */
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import { replayQuirks } from '../family-quirks.js';
import type { ListEntry } from '../model-list.js';
import { chatAt, embeddingsAt, openAiCompatible } from '../openai-compatible.js';

const BASE = 'https://integrate.api.nvidia.com/v1';

// https://docs.api.nvidia.com/nim/reference/llm-apis
export const provider = defineProvider({
  slug: 'nvidia',
  name: 'NVIDIA NIM',
  aliases: ['nim'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://build.nvidia.com/settings/api-keys',
  offerings: [
    openAiCompatible({
      base: BASE,
      endpoints: [chatAt(BASE), embeddingsAt(BASE)],
      secretHint: 'nvapi-…',
      termsNotice:
        'NVIDIA offers these endpoints for trials and development; production needs an NVIDIA AI Enterprise licence. ' +
        'See https://docs.api.nvidia.com/nim/docs/product.',
      readModel,
      // The list answers without a key and names models that an account may not be served; no other call without cost is
      // known. So a bad key shows itself with the first request, and so does a model that is missing.
      quirks,
      catalog: { facts: ['nvidia'], prices: ['nvidia'] },
      failures: [
        { message: /credits? (?:have )?expired|out of credits/i, class: 'BILLING' },
        { message: /^Function .* not found for account/i, class: 'MODEL_NOT_FOUND' },
      ],
    }),
  ],
});

function readModel({ id }: ListEntry): ListedModel {
  return { upstreamId: id, ...(/embed|nvclip|\bbge-/.test(id) && { kind: 'EMBEDDING' }) };
}

/** https://docs.api.nvidia.com/nim/reference/llm-apis. UNCONFIRMED: the role `developer`, which templates may not know. */
function quirks(upstreamId: string): Quirks {
  return { ...replayQuirks(upstreamId), maxTokensField: 'max_tokens', noDeveloperRole: true };
}
