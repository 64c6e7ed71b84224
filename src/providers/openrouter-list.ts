/** Reads entries of OpenRouter's model list, whose form resellers took over. */
import type { ListedModel } from './define-provider.js';
import { capabilitiesOf, kindOfOutput, names, readTokenPrices } from './listed-facts.js';
import { isFields, known, type ListEntry } from './model-list.js';

/** What an entry states: windows, modalities, parameters, and prices per token. */
export function readOpenRouterModel(entry: ListEntry): ListedModel {
  const architecture = entry.value('architecture');
  const modalities = isFields(architecture) ? architecture : {};
  const top = entry.value('top_provider');
  const output = isFields(top) ? top['max_completion_tokens'] : undefined;
  const parameters = entry.value('supported_parameters');
  return {
    upstreamId: entry.id,
    ...known({
      displayName: entry.text('name'),
      kind: kindOfOutput(modalities['output_modalities']),
      contextWindow: entry.count('context_length'),
      maxOutputTokens: typeof output === 'number' && output > 0 ? output : undefined,
      capabilities: capabilitiesOf([
        ['VISION', names(modalities['input_modalities'], 'image')],
        ['REASONING', names(parameters, 'reasoning', 'include_reasoning')],
        ['TOOLS', names(parameters, 'tools')],
        ['STRUCTURED_OUTPUT', names(parameters, 'structured_outputs')],
      ]),
      prices: readTokenPrices(entry.value('pricing')),
    }),
  };
}
