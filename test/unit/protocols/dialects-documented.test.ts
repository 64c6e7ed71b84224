import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allProviders } from '../../../src/providers/registry.js';
import { SIMULATED_SLUGS, simulationOf } from '../../support/providers/simulated-provider.js';

const ROOT = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/dialects.md', ROOT), 'utf8');

/** The part of the page under a heading. */
function section(heading: string): string {
  const [, rest = ''] = page.split(`\n## ${heading}\n`);
  return rest.split('\n## ')[0] ?? '';
}

const sources = ['src/protocols/', 'src/gateway/'].flatMap((folder) =>
  readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(new URL(folder + path, ROOT), 'utf8')),
);

/**
 * Names that the sources report, as they stand there: in a call of `notes.drop(…)`, `dropped.add(…)` or their like, as a
 * `repair`, or made of a key (`=> `text.${key}``), which counts up to its full stop.
 */
function reported(kind: 'drop' | 'repair'): string[] {
  const call =
    kind === 'drop'
      ? /\b(?:notes\.drop|dropped\.(?:add|push))\((?:(?!\);)[\s\S]){0,200}\);/g
      : /\b(?:notes\.repair|repairs\.add)\((?:(?!\);)[\s\S]){0,200}\);|\brepairs?: (?:[^\n]*\? )?\[?'[^\n]*/g;
  const names = sources.flatMap((text) => {
    const said = [...text.matchAll(call)].map(([found]) => found);
    const keyed =
      kind === 'drop' ? [...text.matchAll(/=> `[a-z_]+\.\$\{(?:key|text)/g)].map(([found]) => found) : [];
    return [...said, ...keyed].flatMap((found) =>
      // A set of names is what is known, not what is reported.
      [...found.replaceAll(/new Set\(.*?\)/g, '').matchAll(/'([a-z][a-z_.]*)'|`([a-z][a-z_.]*\.)\$\{/g)].map(
        ([, plain, prefix]) => plain ?? prefix ?? '',
      ),
    );
  });
  return [...new Set(names)].toSorted();
}

/** Names in code on the page; `metadata.<key>` stands for all that begin with `metadata.`. */
function listed(heading: string): Set<string> {
  const names = [...section(heading).matchAll(/`([a-z][a-z_.]*)(<[a-z]+>)?`/g)].map(([, name]) => name ?? '');
  return new Set(names);
}

describe('docs/dialects.md', () => {
  it('lists every name that may stand in x-switchyard-dropped', () => {
    const names = reported('drop');
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !listed('What may be dropped').has(name))).toEqual([]);
  });

  it('lists every name that may stand in x-switchyard-repaired', () => {
    const names = reported('repair');
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !listed('Repairs').has(name))).toEqual([]);
  });

  it('lists no name that nothing reports', () => {
    const all = sources.join('\n');
    const names = [...section('Repairs').matchAll(/^\| (`[^|]*`) +\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z][a-z_.]*)/g)].map(([, name]) => name ?? ''),
    );
    const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];
    expect(
      names.filter(
        (name) => !efforts.includes(name) && !all.includes(`'${name}'`) && !all.includes(`\`${name}`),
      ),
    ).toEqual([]);
  });

  it('has a word for every field that a provider is said to refuse', () => {
    const refused = allProviders()
      .filter(({ slug }) => SIMULATED_SLUGS.includes(slug))
      .flatMap(({ slug, offerings }) =>
        offerings.flatMap(({ quirks }) =>
          simulationOf(slug).models.flatMap(({ id }) => quirks?.(id).refusedFields ?? []),
        ),
      );
    // Refused fields are dropped under their own names.
    expect(new Set(refused).size).toBeGreaterThan(5);
    expect(section('What may be dropped')).toContain('the provider is known to refuse');
  });
});
