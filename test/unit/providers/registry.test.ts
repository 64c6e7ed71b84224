import { expect, test } from 'vitest';
import { splitModelRef } from '../../../src/domain/model-ref.js';
import { allProviders, findOffering, findProvider } from '../../../src/providers/registry.js';
import { addressOf } from '../../../src/providers/urls.js';

test('providers are listed once each, sorted by slug', () => {
  const slugs = allProviders().map(({ slug }) => slug);
  expect(slugs).toEqual([...new Set(slugs)].toSorted());
  expect(slugs).toEqual(expect.arrayContaining(['kimi', 'nano-gpt', 'ollama-cloud', 'opencode', 'zai']));
});

test('a provider is found by slug and by alias, whatever the capitals, and not by anything else', () => {
  expect(findProvider('zai')?.slug).toBe('zai');
  expect(findProvider('Z.AI')?.slug).toBe('zai');
  expect(findProvider('nanogpt')?.slug).toBe('nano-gpt');
  expect(findProvider('openai-typo')).toBeNull();
  expect(findProvider('constructor')).toBeNull();
});

test('an offering is found by its code within its provider', () => {
  const zai = findProvider('zai');
  if (!zai) throw new Error('zai is not registered');
  expect(findOffering(zai, 'coding-plan')?.billing).toBe('SUBSCRIPTION');
  expect(findOffering(zai, 'api')?.billing).toBe('METERED');
  expect(findOffering(zai, 'zen')).toBeNull();
});

test('names of providers can stand in front of a model reference', () => {
  for (const { slug, aliases } of allProviders()) {
    for (const name of [slug, ...aliases]) expect(splitModelRef(`${name}/some/model`)?.provider).toBe(name);
  }
});

test('a region moves the origin and keeps the path', () => {
  for (const { slug, offerings } of allProviders()) {
    for (const offering of offerings) {
      for (const region of offering.regions.slice(1)) {
        for (const { url } of [...offering.endpoints, ...offering.verify]) {
          const moved = new URL(addressOf(offering, url, { region: region.code, baseUrl: null }));
          expect(moved.pathname, `${slug}/${offering.code}`).toBe(new URL(url).pathname);
          expect(moved.origin, `${slug}/${offering.code} in ${region.code}`).not.toBe(new URL(url).origin);
        }
      }
    }
  }
});

test('an own base URL replaces the origin, whatever the region, and keeps its own path prefix', () => {
  const offering = findProvider('nano-gpt')?.offerings[0];
  if (offering?.models.kind !== 'live') throw new Error('nano-gpt has a live list');
  const settings = { region: null, baseUrl: 'http://127.0.0.1:9/proxy/' };
  expect(addressOf(offering, offering.models.url, settings)).toBe(
    'http://127.0.0.1:9/proxy/api/subscription/v1/models?detailed=true',
  );
});

test('an Open Platform key is told from a Kimi Code key', () => {
  const patterns = findProvider('kimi')?.offerings[0].foreignSecrets.map(({ pattern }) => pattern) ?? [];
  const foreign = (secret: string): boolean => patterns.some((pattern) => pattern.test(secret));
  expect(foreign(`sk-${'a1B2'.repeat(12)}`)).toBe(true);
  expect(foreign(`sk-kimi-${'a1B2'.repeat(12)}`)).toBe(false);
  expect(foreign('sk-short')).toBe(false);
});
