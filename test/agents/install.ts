/** Puts the published programs of agents into a folder of their own. They are a gigabyte together, so the project does not depend on them. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const INSTALL_DEADLINE_MS = 300_000;
const VERSION_DEADLINE_MS = 30_000;

/** A program of the npm registry. */
export interface Package {
  readonly name: string;
  readonly version: string;
  /** What it is called by. */
  readonly bin: string;
}

/** Where a program is, or why it is not there. */
export type Installed =
  { readonly bin: string; readonly says: string } | { readonly bin: null; readonly reason: string };

/** Installs a program unless the folder has it, and asks it for its version. */
export async function install(wanted: Package, folder: string): Promise<Installed> {
  const prefix = join(folder, `${wanted.bin}-${wanted.version}`);
  const bin = join(prefix, 'node_modules', '.bin', wanted.bin);
  try {
    if (!existsSync(bin)) {
      const spec = `${wanted.name}@${wanted.version}`;
      const args = ['install', '--prefix', prefix, '--no-audit', '--no-fund', '--loglevel', 'error', spec];
      await run('npm', args, { timeout: INSTALL_DEADLINE_MS });
    }
    // The programs want a home even for this; the folder is one they may write to.
    const env = { PATH: process.env['PATH'], HOME: prefix };
    const { stdout } = await run(bin, ['--version'], { timeout: VERSION_DEADLINE_MS, env });
    return { bin, says: stdout.trim() };
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    return { bin: null, reason: firstLine(stderr ?? '') || firstLine(message) };
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
