/** The rules the source layout lives by. There is no list of exceptions: what breaks a rule is moved. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allProviders } from '../src/providers/registry.js';

const ROOT = resolve(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');

/** Tiers from the top; a file may import from its own tier and from those below. */
const TIERS: readonly (readonly string[])[] = [
  ['main'],
  ['app'],
  ['graphql', 'gateway'],
  ['admin', 'discovery', 'quota', 'usage', 'routing', 'admission'],
  ['persistence', 'live', 'journal', 'protocols', 'providers', 'secrets', 'upstream'],
  ['config', 'observability'],
  ['domain'],
];
/** Tiers whose folders never import each other. */
const APART = [['graphql', 'gateway']];

interface SourceFile {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  /** Files of ours, relative to src. */
  readonly imports: readonly string[];
  readonly packages: readonly string[];
}

const files = listSources(SRC).map(readSource);
const byPath = new Map(files.map((file) => [file.path, file]));

describe('the source layout', () => {
  it('has imports that point down only', () => {
    const wrong = edges().filter(({ from, to }) => tierOf(from.folder) > tierOf(to.folder));
    expect(wrong.map(({ from, to }) => `${from.path} → ${to.path}`)).toEqual([]);
  });

  it('keeps the two entrances apart', () => {
    const wrong = edges().filter(({ from, to }) =>
      APART.some(
        (group) => from.folder !== to.folder && group.includes(from.folder) && group.includes(to.folder),
      ),
    );
    expect(wrong.map(({ from, to }) => `${from.path} → ${to.path}`)).toEqual([]);
  });

  it('has no import cycles', () => {
    expect(findCycle()).toEqual([]);
  });

  it('lets the gateway process reach neither the database nor the admin API, directly or through others', () => {
    // Type-only imports vanish when compiled; what is loaded at run time is what counts.
    const reached = [...reachable('app/gateway.ts')].filter((path) =>
      /^(admin|graphql|persistence|discovery|usage)\//.test(path),
    );
    expect(reached).toEqual([]);
  });

  it('has protocols, providers and routing that do no I/O', () => {
    const forbidden =
      /^(node:(fs|net|http|https|dns|child_process|worker_threads|timers)|undici|pg|ws|fastify)/;
    const wrong = files
      .filter(({ folder }) => ['protocols', 'providers', 'routing', 'domain'].includes(folder))
      .flatMap(({ path, packages }) =>
        packages.filter((name) => forbidden.test(name)).map((name) => `${path} → ${name}`),
      );
    expect(wrong).toEqual([]);
  });

  it('reads the environment in config only', () => {
    expect(offenders(/process\.env/, (file) => file.folder !== 'config')).toEqual([]);
  });

  it('uses Prisma in persistence only', () => {
    const wrong = files.filter(
      ({ folder, packages, imports }) =>
        folder !== 'persistence' &&
        (packages.some((name) => name.startsWith('@prisma/')) ||
          imports.some((path) => path.includes('persistence/generated'))),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('names providers in providers only', () => {
    const slugs = allProviders().flatMap(({ slug, aliases }) => [slug, ...aliases]);
    const literal = new RegExp(`['"](${slugs.map(escapeRegExp).join('|')})['"]`);
    expect(offenders(literal, (file) => file.folder !== 'providers')).toEqual([]);
  });

  it('takes the time from the clock only', () => {
    expect(offenders(/\bDate\.now\(|new Date\(\)/, (file) => file.path !== 'domain/clock.ts')).toEqual([]);
  });

  it('has no any, no console, no default export, no export *', () => {
    const everywhere = (): boolean => true;
    expect(offenders(/:\s*any\b|\bas any\b|<any>/, everywhere)).toEqual([]);
    expect(offenders(/\bconsole\.\w+\(/, everywhere)).toEqual([]);
    expect(offenders(/^export default\b/m, everywhere)).toEqual([]);
    expect(offenders(/^export \* /m, everywhere)).toEqual([]);
  });

  it('starts every file by saying what it is responsible for', () => {
    expect(offenders(/^(?!(#![^\n]*\n|\/\/ @ts-check\n)?\/\*\*)/, () => true)).toEqual([]);
  });

  it('is what the documentation says: every path that a page names is there', () => {
    const pages = ['README.md', 'CONTRIBUTING.md', 'bench/README.md'].concat(
      readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`),
    );
    const missing = pages.flatMap((page) => {
      const text = readFileSync(join(ROOT, page), 'utf8');
      const named = text.matchAll(/`((?:src|test|docs|bench|scripts|prisma)\/[^`\s<>*{}…]*)`/g);
      const linked = text.matchAll(/\]\((?!https?:)([^)#\s]+)/g);
      const paths = [
        ...[...named].map(([, path = '']) => join(ROOT, path)),
        ...[...linked].map(([, path = '']) => resolve(ROOT, dirname(page), path)),
      ];
      return paths.filter((path) => !existsSync(path)).map((path) => `${page}: ${relative(ROOT, path)}`);
    });
    expect(missing).toEqual([]);
  });

  it('has no file past 400 lines', () => {
    const long = files.filter(({ text }) => text.split('\n').length > 400);
    expect(long.map(({ path, text }) => `${path}: ${text.split('\n').length}`)).toEqual([]);
  });
});

function listSources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'generated' ? [] : listSources(path);
    return /\.(ts|js)$/.test(entry.name) ? [path] : [];
  });
}

function readSource(absolute: string): SourceFile {
  const text = readFileSync(absolute, 'utf8');
  const path = relative(SRC, absolute);
  const specifiers = [
    ...text.matchAll(
      /^(?:import|export)(?! type\b)[^;]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gms,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
  const own = specifiers.filter((specifier) => specifier.startsWith('.'));
  return {
    path,
    folder: path.includes('/') ? (path.split('/')[0] ?? '') : path.replace(/\.ts$/, ''),
    text,
    imports: own.map((specifier) =>
      relative(SRC, resolve(dirname(absolute), specifier)).replace(/\.js$/, '.ts'),
    ),
    packages: specifiers.filter((specifier) => !specifier.startsWith('.')),
  };
}

function edges(): { from: SourceFile; to: SourceFile }[] {
  return files.flatMap((from) =>
    from.imports.flatMap((path) => {
      const to = byPath.get(path);
      return to ? [{ from, to }] : [];
    }),
  );
}

/** Higher is nearer to the domain. */
function tierOf(folder: string): number {
  const tier = TIERS.findIndex((folders) => folders.includes(folder));
  if (tier < 0) throw new Error(`src/${folder} belongs to no tier`);
  return tier;
}

function offenders(pattern: RegExp, applies: (file: SourceFile) => boolean): string[] {
  return files
    .filter((file) => applies(file) && pattern.test(withoutComments(file, pattern)))
    .map(({ path }) => path);
}

/** Comments may speak of what code may not do; only the rule about them looks at them. */
function withoutComments({ text }: SourceFile, pattern: RegExp): string {
  if (pattern.source.startsWith('^(?!')) return text;
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

function reachable(start: string): Set<string> {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const next of byPath.get(path)?.imports ?? []) visit(next);
  };
  visit(start);
  return seen;
}

function findCycle(): string[] {
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const next of byPath.get(path)?.imports ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle.length > 0) return cycle;
    }
    done.add(path);
    return [];
  };
  for (const { path } of files) {
    const cycle = visit(path, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
