/** The supervisor passes on what one gateway finds out, within a second and also to processes that were started again. */
import { existsSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createCooldownRelay } from '../../src/app/cooldown-relay.js';
import { startSupervisor } from '../../src/app/supervisor.js';
import { readConfig } from '../../src/config/config.js';
import { COOLDOWNS_REMEMBERED_MAX } from '../../src/config/routing-limits.js';
import type { CooldownChange } from '../../src/domain/cooldown.js';
import { quietLogger } from '../support/database.js';
import { makeTempDir } from '../support/temp-dir.js';
import { until } from '../support/wait.js';

const PROGRAM = fileURLToPath(new URL('../support/telling-process.mjs', import.meta.url));

function began(connectionId: string, since: number, until: number): CooldownChange {
  const cooldown = { modelRef: null, class: 'QUOTA_EXHAUSTED', since, until, failures: 1 } as const;
  return { kind: 'began', connectionId, cooldown, message: 'Used up.' };
}

it('reaches the other gateway and the control process within a second, and both again after a restart', async () => {
  await using directory = await makeTempDir();
  const config = readConfig({
    DATA_DIR: directory.path,
    ADMIN_PORT: '0',
    GATEWAY_PORT: '0',
    GATEWAY_WORKERS: '2',
  });
  const supervisor = await startSupervisor({
    config,
    logger: quietLogger,
    program: PROGRAM,
    environment: { HEARD_DIR: directory.path },
    canServeAlone: false,
  });
  /** What a process was told, one line for each time, with the process that heard it. */
  const heard = (name: string): readonly string[] => {
    const file = join(directory.path, `${name}.heard`);
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  };
  try {
    const change = began('conn_1', Date.now(), Date.now() + 3_600_000);
    await writeFile(join(directory.path, 'gateway0.new'), JSON.stringify(change));
    await rename(join(directory.path, 'gateway0.new'), join(directory.path, 'gateway0.tell'));
    const told = ['gateway1', 'control'] as const;
    await until('the others heard', () => told.every((name) => heard(name).length === 1), 1_000);
    expect(heard('gateway1')[0]).toContain(JSON.stringify(change));
    expect(heard('gateway0')).toEqual([]);

    const { control, gateways } = supervisor.pids();
    for (const pid of [control, gateways[1]]) if (pid) process.kill(pid, 'SIGKILL');
    await until('both heard again', () => told.every((name) => heard(name).length === 2));
    const pids = told.map((name) => new Set(heard(name).map((line) => line.split(' ')[0])).size);
    expect(pids).toEqual([2, 2]);
  } finally {
    await supervisor.stop();
  }
});

it('remembers the latest of each scope, nothing that is over, and a bounded number', () => {
  const relay = createCooldownRelay();
  expect(relay.take(began('a', 10, 1_000))).toBe(true);
  expect(relay.take({ kind: 'ended', connectionId: 'a', modelRef: null, at: 20 })).toBe(true);
  expect(relay.take(began('a', 15, 1_000))).toBe(false);
  expect(relay.take(began('b', 10, 50))).toBe(true);
  expect(relay.all(40).map(({ kind, connectionId }) => `${connectionId} ${kind}`)).toEqual([
    'a ended',
    'b began',
  ]);
  expect(relay.all(60).map(({ connectionId }) => connectionId)).toEqual(['a']);
  for (let index = 0; index < COOLDOWNS_REMEMBERED_MAX; index++) relay.take(began(`c${index}`, 10, 1_000));
  expect(relay.all(60)).toHaveLength(COOLDOWNS_REMEMBERED_MAX);
});
