/** A server that no module knows: OpenAI's dialect, and Anthropic's beside it, under one key. */
import { type EngineOptions, type SimulatedProvider, startEngine } from './engine.js';
import { openAiCompatibleSimulation } from './openai-compatible.js';

const simulation = openAiCompatibleSimulation({
  slug: 'homelab',
  origins: { custom: ['https://homelab.example'] },
  keys: { good: 'homelab-good-key', bad: 'homelab-bad-key', wrongProduct: null },
  models: [{ id: 'llama-4' }, { id: 'qwen/qwen3-coder' }],
  base: '/v1',
  messagesPath: '/v1/messages',
  usage: { place: 'own-chunk', unasked: false, cached: 'details' },
  failures: {},
});

/** Starts it on a free port of loopback. */
export function startHomelab(options?: EngineOptions): Promise<SimulatedProvider> {
  return startEngine(simulation, options);
}
