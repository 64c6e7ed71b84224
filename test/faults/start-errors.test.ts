/** What the operator reads when the program cannot start: one line that says what is wrong and what to do. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createInstallation,
  freePort,
  type Installation,
  type Settings,
  type Switchyard,
} from '../support/switchyard.js';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
});

async function installation(settings?: Settings): Promise<Installation> {
  const made = await createInstallation(settings);
  open.push(made);
  return made;
}

/** The one line that a failed start may write. */
async function lineOf(failed: ReturnType<Installation['run']>): Promise<string> {
  const { code, signal, stdout, stderr } = await failed;
  expect(stderr).toMatch(/^switchyard: [^\n]+\n$/);
  expect({ code, signal, stdout }).toEqual({ code: 1, signal: null, stdout: '' });
  return stderr.trim();
}

describe('a start that cannot succeed ends with one line and code 1', () => {
  it('when DATA_DIR cannot be written', async () => {
    const fresh = await installation();
    const occupied = join(fresh.dataDir, 'a-file');
    await writeFile(occupied, '');
    const line = await lineOf(fresh.run({ DATA_DIR: join(occupied, 'data') }));
    expect(line).toContain(occupied);
    expect(line).toContain('DATA_DIR');
  });

  it.each([
    ['too short', Buffer.alloc(16).toString('base64')],
    ['not base64', 'not base64!'],
  ])('when SECRET_KEY is %s, without repeating it', async (_, key) => {
    const line = await lineOf((await installation()).run({ SECRET_KEY: key }));
    expect(line).toContain('SECRET_KEY');
    expect(line).not.toContain(key);
  });

  it('when nothing answers at DATABASE_URL, without showing its password', async () => {
    const port = await freePort();
    const line = await lineOf(
      (await installation()).run({ DATABASE_URL: `postgresql://me:pass-word-1@127.0.0.1:${port}/db` }),
    );
    expect(line).toContain(`127.0.0.1:${port}`);
    expect(line).not.toContain('pass-word-1');
  });

  it.each(['not a url', 'mysql://me:pass-word-1@localhost/db', 'postgresql://me:pass-word-1@local host/db'])(
    'when DATABASE_URL is %j, without showing its password',
    async (url) => {
      const line = await lineOf((await installation()).run({ DATABASE_URL: url }));
      expect(line).toContain('DATABASE_URL');
      expect(line).not.toContain('pass-word-1');
    },
  );

  it.each(['ADMIN', 'GATEWAY'])('when the %s port is taken', async (listener) => {
    const { port } = await occupyPort();
    const line = await lineOf((await installation()).run({ [`${listener}_PORT`]: String(port) }));
    expect(line).toContain(`127.0.0.1:${port}`);
    expect(line).toContain(`${listener}_PORT`);
  });

  it('when there is no such command', async () => {
    expect(await lineOf((await installation()).run({}, 'sevre'))).toContain('"sevre"');
  });
});

describe('a later start that cannot succeed ends with one line and code 1', () => {
  let existing: Installation;
  let program: Switchyard;
  beforeAll(async () => {
    existing = await createInstallation({ SECRET_KEY: randomBytes(32).toString('base64') });
    program = await existing.start();
  });
  afterAll(() => existing[Symbol.asyncDispose]());

  it('when another process runs on the same DATA_DIR, which goes on', async () => {
    const line = await lineOf(existing.run());
    expect(line).toContain(`process ${program.processes().supervisor}`);
    expect((await fetch(`${program.adminUrl}/readyz`)).status).toBe(200);
    expect((await program.stop()).code).toBe(0);
  });

  it.each(['ADMIN', 'GATEWAY'])('when the %s port is taken', async (listener) => {
    const { port } = await occupyPort();
    const line = await lineOf(existing.run({ [`${listener}_PORT`]: String(port) }));
    expect(line).toContain(`${listener}_PORT`);
  });

  it('when SECRET_KEY is not the one that sealed what is there', async () => {
    const line = await lineOf(existing.run({ SECRET_KEY: randomBytes(32).toString('base64') }));
    expect(line).toContain('SECRET_KEY_PREVIOUS');
  });
});

async function occupyPort(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())) });
  return { server, port: (server.address() as AddressInfo).port };
}
