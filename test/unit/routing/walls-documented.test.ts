import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { describeWalls } from '../../../src/routing/describe-walls.js';
import { PAGE, withTable } from '../../simulation/document.js';

it('docs/routing.md shows the walls as `npm run docs:routing` reads them off the rules', async () => {
  const page = await readFile(PAGE, 'utf8');
  expect(page).toBe(withTable(page, 'walls', describeWalls()));
});
