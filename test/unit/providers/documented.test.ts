import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { describeProviders } from '../../../src/providers/describe-providers.js';
import { allProviders } from '../../../src/providers/registry.js';

it('docs/providers.md is what `npm run docs:providers` makes of the modules', async () => {
  const page = await readFile(new URL('../../../docs/providers.md', import.meta.url), 'utf8');
  expect(page).toBe(describeProviders(allProviders()));
});
