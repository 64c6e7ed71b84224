/** Writes docs/providers.md from the provider modules. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';
import { listModules } from './list-modules.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const options = { root, logLevel: 'error' };

listModules();
const { module: registry } = await runnerImport(`${root}src/providers/registry.ts`, options);
const { module: page } = await runnerImport(`${root}src/providers/describe-providers.ts`, options);
writeFileSync(`${root}docs/providers.md`, page.describeProviders(registry.allProviders()));
