/** Writes a request in Gemini's form. The model and whether to stream stand in the URL, not in the body. */
import type { CanonicalRequest } from '../canonical.js';
import type { WrittenRequest } from '../dialect.js';
import type { Target } from '../target.js';
import { writeContents } from './contents.js';
import { writeGenerationConfig } from './generation-config.js';
import { createNotes, type Notes } from '../notes.js';
import { writeTools } from './tools.js';

/** OpenAI's word → Google's. `auto` is what happens unasked. https://ai.google.dev/api/generate-content#ServiceTier */
const SERVICE_TIERS: Readonly<Record<string, string | null>> = {
  auto: null,
  default: 'standard',
  standard: 'standard',
  flex: 'flex',
  priority: 'priority',
};

export function writeRequest(request: CanonicalRequest, target: Target): WrittenRequest {
  const notes = createNotes();
  const { systemInstruction, contents } = writeContents(request, target, notes);
  const generationConfig = writeGenerationConfig(request, target, notes);
  const serviceTier = serviceTierOf(request, notes);
  dropUnsaid(request, notes);
  const body = {
    ...(systemInstruction && { systemInstruction }),
    contents,
    ...writeTools(request, target, notes),
    ...(generationConfig && { generationConfig }),
    ...(serviceTier !== null && { serviceTier }),
  };
  return { body, ...notes.taken() };
}

function serviceTierOf({ serviceTier }: CanonicalRequest, notes: Notes): string | null {
  if (serviceTier === null) return null;
  const tier = SERVICE_TIERS[serviceTier];
  if (tier === undefined) notes.drop('service_tier');
  return tier ?? null;
}

/** What Gemini has no word for. Prompts are cached there without being asked. */
function dropUnsaid(request: CanonicalRequest, notes: Notes): void {
  if (request.parallelToolCalls === false) notes.drop('parallel_tool_calls');
  if (request.verbosity !== null) notes.drop('verbosity');
  if (request.userId !== null) notes.drop('user');
  if (request.metadata !== null) notes.drop('metadata');
  if (request.cacheKey !== null) notes.drop('prompt_cache_key');
}
