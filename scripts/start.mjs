/** Runs the program from a checkout, building it first when a source has changed. */
import { build } from './build.mjs';

build({ ifStale: true });
// The program takes its own path for the processes it starts from where it lies.
await import('../dist/src/main.js');
