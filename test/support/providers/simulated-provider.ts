/** Simulated providers: real HTTP servers on loopback with the providers' own paths, formats and manners. */
import { SIMULATIONS as MODULES } from './all.generated.js';
import { type EngineOptions, type SimulatedProvider, startEngine } from './engine.js';
import type { Simulation } from './simulation.js';

export type { EngineOptions, SimulatedProvider } from './engine.js';
export type { Fault, LoggedRequest, RecordedFailure, SimulatedKeys, SimulatedModel } from './simulation.js';

const SIMULATIONS: ReadonlyMap<string, Simulation> = new Map(
  MODULES.map((simulation: Simulation) => [simulation.slug, simulation]),
);

/** Slugs of all simulated providers. */
export const SIMULATED_SLUGS: readonly string[] = [...SIMULATIONS.keys()];

/** Its description: keys, failures, paths. */
export function simulationOf(slug: string): Simulation {
  const simulation = SIMULATIONS.get(slug);
  if (!simulation) throw new Error(`${slug} is not simulated`);
  return simulation;
}

/** Starts one on a free port of loopback. Dispose of it, or `close()` it, to free the port and end open answers. */
export function startSimulatedProvider(slug: string, options?: EngineOptions): Promise<SimulatedProvider> {
  return startEngine(simulationOf(slug), options);
}
