/** Writes the generated tables of docs/routing.md: `npm run docs:routing`. */
import { readFile, writeFile } from 'node:fs/promises';
import { describeWalls } from '../../src/routing/describe-walls.js';
import { alternativesTable, matchedFigures, otherLoadsTable, weekTable } from './figures.js';

export const PAGE = new URL('../../docs/routing.md', import.meta.url);

export async function main(): Promise<void> {
  let page = await readFile(PAGE, 'utf8');
  page = withTable(page, 'walls', describeWalls());
  page = withTable(page, 'week', weekTable(matchedFigures()));
  page = withTable(page, 'alternatives', alternativesTable());
  page = withTable(page, 'loads', otherLoadsTable());
  await writeFile(PAGE, page);
}

/** The page with a table in its place, between two comments that name it. */
export function withTable(page: string, name: string, rows: readonly (readonly string[])[]): string {
  const [begin, end] = [`<!-- table: ${name} -->`, `<!-- end: ${name} -->`];
  const [before, rest] = [page.slice(0, page.indexOf(begin)), page.slice(page.indexOf(end))];
  if (!page.includes(begin) || !page.includes(end))
    throw new Error(`docs/routing.md has no place for "${name}"`);
  return `${before}${begin}\n\n${format(rows)}\n\n${rest}`;
}

/** As prettier would write it. */
function format(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [heading = [], ...body] = rows;
  return [line(heading), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
