/** Simulated providers: real HTTP servers on loopback with the providers' own paths, formats and manners. */
import { type EngineOptions, type SimulatedProvider, startEngine } from './engine.js';
import type { Simulation } from './simulation.js';
import { kimiSimulation } from './kimi.js';
import { nanoGptSimulation } from './nano-gpt.js';
import { ollamaCloudSimulation } from './ollama-cloud.js';
import { opencodeSimulation } from './opencode.js';
import { opencodeGoSimulation } from './opencode-go.js';
import { zaiSimulation } from './zai.js';

export type { EngineOptions, SimulatedProvider } from './engine.js';
export type { Fault, LoggedRequest, RecordedFailure, SimulatedKeys, SimulatedModel } from './simulation.js';

const SIMULATIONS = {
  kimi: kimiSimulation,
  'nano-gpt': nanoGptSimulation,
  'ollama-cloud': ollamaCloudSimulation,
  opencode: opencodeSimulation,
  'opencode-go': opencodeGoSimulation,
  zai: zaiSimulation,
} satisfies Record<string, Simulation>;

/** Slug of a provider that can be simulated. */
export type SimulatedSlug = keyof typeof SIMULATIONS;

/** Slugs of all simulated providers. */
export const SIMULATED_SLUGS = Object.keys(SIMULATIONS) as SimulatedSlug[];

/** Its description: keys, failures, paths. */
export function simulationOf(slug: SimulatedSlug): Simulation {
  return SIMULATIONS[slug];
}

/** Starts one on a free port of loopback. Dispose of it, or `close()` it, to free the port and end open answers. */
export function startSimulatedProvider(
  slug: SimulatedSlug,
  options?: EngineOptions,
): Promise<SimulatedProvider> {
  return startEngine(SIMULATIONS[slug], options);
}
