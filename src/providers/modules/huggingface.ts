/** Hugging Face's router to inference providers, paid per token at their prices. */
import { defineProvider, type ListedModel } from '../define-provider.js';
import { replayQuirks } from '../family-quirks.js';
import { capabilitiesOf, kindOfOutput, names, readPrices } from '../listed-facts.js';
import { isFields, known, type ListEntry } from '../model-list.js';
import { openAiCompatible } from '../openai-compatible.js';

// https://huggingface.co/docs/inference-providers
export const provider = defineProvider({
  slug: 'huggingface',
  name: 'Hugging Face',
  aliases: ['hf', 'hugging-face'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://huggingface.co/settings/tokens',
  offerings: [
    openAiCompatible({
      base: 'https://router.huggingface.co/v1',
      secretHint: 'hf_…',
      readModel,
      // The list is public.
      verify: [{ url: 'https://huggingface.co/api/whoami-v2', auth: 'bearer' }],
      // https://huggingface.co/docs/inference-providers: nothing of its own; whoever serves the model decides (UNCONFIRMED).
      quirks: replayQuirks,
      catalog: { facts: ['huggingface'], prices: ['huggingface'] },
      failures: [
        { codes: ['model_not_supported'], class: 'MODEL_NOT_FOUND' },
        { message: /exceeded your monthly included credits|depleted your/i, class: 'BILLING' },
        { message: /sufficient permissions/i, class: 'AUTHENTICATION' },
      ],
    }),
  ],
});

type Serving = Readonly<Record<string, unknown>>;

/** A model is there while a provider serves it live. Any of those may be chosen, so the smallest window is what holds. */
function readModel(entry: ListEntry): ListedModel | null {
  const stated = entry.value('providers');
  const live = Array.isArray(stated)
    ? stated.filter((item): item is Serving => isFields(item) && item['status'] === 'live')
    : [];
  if (Array.isArray(stated) && live.length === 0) return null;
  const architecture = entry.value('architecture');
  const modalities = isFields(architecture) ? architecture : {};
  const windows = live.map((item) => item['context_length']).filter((size) => typeof size === 'number');
  const usual = fastest(live);
  return {
    upstreamId: entry.id,
    ...known({
      kind: kindOfOutput(modalities['output_modalities']),
      contextWindow: windows.length > 0 ? Math.min(...windows) : undefined,
      capabilities: capabilitiesOf([
        ['VISION', names(modalities['input_modalities'], 'image')],
        ['TOOLS', usual?.['supports_tools'] === true],
        ['STRUCTURED_OUTPUT', usual?.['supports_structured_output'] === true],
      ]),
      prices: readPrices(usual?.['pricing'], { input: 'input', output: 'output' }),
    }),
  };
}

/** The one the router prefers unless told otherwise. */
function fastest(live: readonly Serving[]): Serving | undefined {
  const speed = ({ throughput }: Serving): number => (typeof throughput === 'number' ? throughput : 0);
  return live.toSorted((a, b) => speed(b) - speed(a))[0];
}
