/**
 * Makes the model catalogue that ships with the program out of a copy of models.dev's `api.json`:
 *
 *   node scripts/build-catalog.mjs <api.json> <date of the copy, YYYY-MM-DD>
 *
 * Compiles it the way the program does when it renews its copy by itself.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = new URL('../src/discovery/catalog/catalog.json', import.meta.url);

const [source, date] = process.argv.slice(2);
if (source === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(date ?? '')) {
  process.stderr.write('usage: node scripts/build-catalog.mjs <api.json> <YYYY-MM-DD>\n');
  process.exit(2);
}

const { module } = await runnerImport(`${root}src/discovery/catalog/compile.ts`, { root, logLevel: 'error' });
const catalog = module.compileCatalog(JSON.parse(readFileSync(source, 'utf8')), date);
if (catalog === null) {
  process.stderr.write(`${source} is not a copy of models.dev's api.json\n`);
  process.exit(1);
}
writeFileSync(target, module.formatCatalogFile(catalog));
