/**
 * Builds dist/: the Prisma client when the schema is newer than it, then everything else. With `--if-stale` only when a
 * source is newer than the last build.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listModules } from './list-modules.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = join(root, 'dist/.built');
const schema = join(root, 'prisma/schema.prisma');
const generated = join(root, 'src/persistence/generated');
const sources = [
  'src',
  'test/support/providers',
  'prisma/schema.prisma',
  'tsconfig.json',
  'tsconfig.build.json',
  'package-lock.json',
];

export function build({ ifStale }) {
  listModules();
  if (ifStale && newest(sources.map((source) => join(root, source))) <= modified(stamp)) return;
  if (modified(schema) > modified(join(generated, 'client.ts'))) run('prisma', ['generate', '--no-hints']);
  run('tsc', ['-p', 'tsconfig.build.json']);
  writeFileSync(stamp, '');
}

function run(command, args) {
  const bin = join(root, 'node_modules/.bin', command);
  const { status, stdout, stderr, error } = spawnSync(bin, args, { cwd: root, encoding: 'utf8' });
  if (status === 0) return;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}`);
  process.exit(status ?? 1);
}

function newest(paths) {
  return Math.max(
    ...paths.map((path) => {
      const found = statSync(path, { throwIfNoEntry: false });
      if (!found?.isDirectory()) return found?.mtimeMs ?? 0;
      return Math.max(found.mtimeMs, newest(readdirSync(path).map((name) => join(path, name))));
    }),
    0,
  );
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -1;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  build({ ifStale: process.argv.includes('--if-stale') });
