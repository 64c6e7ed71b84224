/** A disk that is full, or a share of it that is used up, costs no agent an answer; what waits is recorded, what is lost is said. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plainRequest } from '../support/http-client.js';
import { until } from '../support/wait.js';
import { TIMES } from './harness/length.js';
import { openScene, type Scene } from './harness/scene.js';

const DISK_BYTES = 1024 * 1024;
const AGENTS = 4;
const ANSWERED_WHILE_FULL = 50;

async function journalHealth({ program }: Scene): Promise<{ state: string; message: string | null }> {
  const { health } = await program.api.data('{ health { checks { name state message } } }');
  return health.checks.find(({ name }: { name: string }) => name === 'usage-journal');
}

describe.skipIf(!mayMount())('with the disk of the journal full', { timeout: 60_000 * TIMES }, () => {
  it('agents are served, health says so, and all of it is recorded once there is room', async () => {
    let journal = '';
    const scene = await openScene({
      real: false,
      prepare(dataDir) {
        journal = join(dataDir, 'journal');
        mkdirSync(journal);
        mount(journal);
      },
    });
    try {
      expect(await journalHealth(scene)).toMatchObject({ state: 'HEALTHY', message: null });
      const ballast = join(journal, 'ballast');
      const load = scene.traffic.load(AGENTS);
      await until('agents are served', () => load.answered > AGENTS);
      for (let time = 0; time < TIMES; time++) {
        fill(journal, ballast);
        const health = await until('health says so', async () => {
          fill(journal, ballast);
          const found = await journalHealth(scene);
          return found.state === 'UNHEALTHY' && found;
        });
        expect(health.message).toContain('cannot write usage');
        const metrics = await plainRequest(`${scene.program.adminUrl}/metrics`, {});
        expect(metrics.text).toContain('switchyard_journal_failing_gateways 1');
        const had = load.answered;
        await until('agents are served nonetheless', () => load.answered > had + ANSWERED_WHILE_FULL);

        rmSync(ballast);
        await until('health is well again', async () => (await journalHealth(scene)).state === 'HEALTHY');
      }
      await load.stop();
      expect(scene.traffic.calls.filter(({ outcome }) => outcome !== 'whole')).toEqual([]);
      expect(await scene.auditAll()).toEqual([]);
    } finally {
      await scene.program.stop();
      execFileSync('umount', [journal]);
      await scene[Symbol.asyncDispose]();
    }
  });
});

/** Takes whatever room is left, and goes on taking what a deleted segment gives back. */
function fill(folder: string, ballast: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail > 0) writeFileSync(ballast, Buffer.alloc(bavail * bsize), { flag: 'a' });
}

function mount(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder], { stdio: 'ignore' });
  chmodSync(folder, 0o700);
}

/** Whether this process may make a small disk of its own. */
function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-disk-'));
  try {
    mount(folder);
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    if (existsSync(folder)) rmSync(folder, { recursive: true });
  }
}
