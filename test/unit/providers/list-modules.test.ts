/** A provider is known because its file lies in the folder: nothing else is touched to add one. */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { makeTempDir } from '../../support/temp-dir.js';

const SCRIPT = resolve(import.meta.dirname, '../../../scripts/list-modules.mjs');
const FOLDERS = ['src/providers', 'test/support/providers'];

it('adds a provider to both lists by one file each,', async () => {
  await using root = await makeTempDir();
  const list = async (): Promise<string[]> => {
    const script = `const { listModules } = await import(${JSON.stringify(SCRIPT)}); listModules(${JSON.stringify(root.path)});`;
    expect(spawnSync(process.execPath, ['--input-type=module', '-e', script]).status).toBe(0);
    return Promise.all(
      FOLDERS.map((folder) => readFile(join(root.path, folder, 'all.generated.ts'), 'utf8')),
    );
  };
  for (const folder of FOLDERS) {
    await mkdir(join(root.path, folder, 'modules'), { recursive: true });
    await writeFile(join(root.path, folder, 'modules/known-one.ts'), '');
  }
  for (const text of await list()) expect(text).not.toContain('brand-new');
  for (const folder of FOLDERS) await writeFile(join(root.path, folder, 'modules/brand-new.ts'), '');
  const [providers, simulations] = await list();
  expect(providers).toContain("import { provider as brandNew } from './modules/brand-new.js';");
  expect(simulations).toContain("import { simulation as brandNew } from './modules/brand-new.js';");
  for (const text of [providers, simulations]) expect(text).toMatch(/\[\n {2}brandNew,\n {2}knownOne,\n\]/);
});
