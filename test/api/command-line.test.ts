/** The command line against the real program: what it changes is in force at once, whoever holds the database. */
import { stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandSocketPath, openCommandChannel } from '../../src/app/commands/channel.js';
import { lockDirectory } from '../../src/persistence/directory-lock.js';
import { quietLogger } from '../support/database.js';
import { createGraphqlClient } from '../support/graphql-client.js';
import { AUDIENCE, startIssuer, type Issuer } from '../support/issuer.js';
import { postgresIsInstalled, startPostgres } from '../support/postgres-server.js';
import { openSocket, type RawSocket } from '../support/socket.js';
import { createInstallation, type Installation, type Switchyard } from '../support/switchyard.js';
import { until } from '../support/wait.js';

const VIEWER = '{ viewer { id name scopes expiresAt workspace { slug } } }';
const AT_ONCE_MS = 1_000;

/** Runs a command that must succeed, and answers what it printed as JSON. */
async function command(installation: Installation, ...words: string[]): Promise<any> {
  const { code, stdout, stderr } = await installation.run({}, ...words, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** Runs a command that must fail, and answers what it says. */
async function failure(installation: Installation, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await installation.run({}, ...words);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  return stderr;
}

function makeToken(installation: Installation, ...more: string[]): Promise<any> {
  return command(
    installation,
    'token',
    'create',
    '--name',
    'reader',
    '--scopes',
    'usage-read,CONFIG_READ',
    '--expires',
    '90d',
    ...more,
  );
}

/** A socket of this token with a subscription on it. */
async function subscribed(program: Switchyard, token: string): Promise<RawSocket> {
  const socket = await openSocket(program.adminUrl);
  expect((await socket.init(token)).type).toBe('connection_ack');
  socket.send({
    type: 'subscribe',
    id: '1',
    payload: { query: 'subscription { usageRecorded { cursor } }' },
  });
  return socket;
}

/** Milliseconds until both transports refuse the token. */
async function refusedAfter(program: Switchyard, token: string, socket: RawSocket): Promise<number> {
  const startedAt = performance.now();
  const client = createGraphqlClient(program.adminUrl, token);
  expect(await socket.ended).toMatchObject({ code: 4403 });
  await until('requests are refused', async () => (await client.send(VIEWER)).status === 401);
  return performance.now() - startedAt;
}

describe('beside the running service with its embedded database', () => {
  let issuer: Issuer;
  let installation: Installation;
  let program: Switchyard;
  beforeAll(async () => {
    issuer = await startIssuer();
    installation = await createInstallation({
      CATALOG_REFRESH: 'false',
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: AUDIENCE,
    });
    program = await installation.start();
  });
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
    await issuer?.[Symbol.asyncDispose]();
  });

  it('listens where its owner only can speak to it', async () => {
    const socket = await stat(join(installation.dataDir, 'control.sock'));
    expect(socket.isSocket()).toBe(true);
    expect((socket.mode & 0o777).toString(8)).toBe('600');
  });

  it('makes a token that works at once, shows it once, and stops it at once on both transports', async () => {
    const made = await makeToken(installation);
    expect(made.token).toMatch(/^sya_[\w-]{43}$/);
    const { viewer } = await createGraphqlClient(program.adminUrl, made.token).data(VIEWER);
    expect(viewer).toMatchObject({
      id: made.id,
      name: 'reader',
      scopes: ['CONFIG_READ', 'USAGE_READ'],
      workspace: { slug: 'default' },
    });
    const listed = await command(installation, 'token', 'list');
    expect(JSON.stringify(listed)).not.toContain(made.token);
    expect(listed.map(({ name, state }: any) => [name, state])).toEqual([
      ['owner', 'ACTIVE'],
      ['reader', 'ACTIVE'],
    ]);

    const [mine, owners] = [await subscribed(program, made.token), await subscribed(program, program.token)];
    await command(installation, 'token', 'revoke', made.id);
    expect(await refusedAfter(program, made.token, mine)).toBeLessThan(AT_ONCE_MS);
    expect(owners.socket.readyState).toBe(owners.socket.OPEN);
    owners.socket.close();

    const { auditLog } = await program.api.data(
      '{ auditLog(first: 2) { nodes { action subjectId actor { kind name } changes { field after } } } }',
    );
    const actor = { kind: 'CLI', name: userInfo().username };
    expect(auditLog.nodes).toEqual([
      { action: 'admin_token.revoke', subjectId: made.id, actor, changes: [] },
      {
        action: 'admin_token.create',
        subjectId: made.id,
        actor,
        changes: [
          { field: 'name', after: 'reader' },
          { field: 'scopes', after: 'CONFIG_READ, USAGE_READ' },
          { field: 'expiresAt', after: made.expiresAt },
        ],
      },
    ]);
    expect((await command(installation, 'token', 'list')).at(-1)).toMatchObject({
      id: made.id,
      state: 'REVOKED',
    });
  });

  it('keeps workspaces apart, and removes one only when nothing is left in it', async () => {
    const research = ['--slug', 'research'];
    await command(installation, 'workspace', 'create', ...research, '--name', 'Research');
    const { id, token } = await makeToken(installation, '--workspace', 'research');
    const { viewer } = await createGraphqlClient(program.adminUrl, token).data(VIEWER);
    expect(viewer.workspace.slug).toBe('research');
    expect(await command(installation, 'workspace', 'rename', ...research, '--name', 'Lab')).toMatchObject({
      slug: 'research',
      name: 'Lab',
    });
    expect(await failure(installation, 'workspace', 'remove', ...research)).toContain(
      'is not empty: it has 1 admin token that works',
    );
    await command(installation, 'token', 'revoke', id);
    await command(installation, 'workspace', 'remove', ...research);
    expect((await command(installation, 'workspace', 'list')).map(({ slug }: any) => slug)).toEqual([
      'default',
    ]);
  });

  it.each([
    [
      ['token', 'create', '--name', 'x', '--scopes', 'root', '--expires', '3'],
      /no scope "ROOT"; it is one of CONFIG_READ.*\n"3" is no time/,
    ],
    [
      ['token', 'create', '--name', 'x', '--scopes', 'all', '--expires', '2020-01-01'],
      /"2020-01-01" is past/,
    ],
    [
      ['token', 'create', '--scopes', 'all', '--expires', 'never'],
      /--name is missing.*; switchyard help token create/,
    ],
    [['token', 'create', '--nmae', 'x'], /Unknown option '--nmae'; switchyard help token create/],
    [['token', 'revoke'], /<id> is missing/],
    [['token', 'revoke', 'tok_none'], /no token "tok_none".*token list/],
    [['token', 'list', '--workspace', 'nowhere'], /no workspace "nowhere"; there is default/],
    [['token', 'list', 'more'], /"more" is one word too many/],
    [['token', 'forget'], /no command "token forget"; there are token create, token list, token revoke/],
    [['workspace', 'create', '--slug', 'default', '--name', 'Again'], /a workspace "default" already/],
    [['workspace', 'create', '--slug', 'No Slug', '--name', 'x'], /"No Slug" is no slug/],
    [['workspace', 'remove', '--slug', 'default'], /the next start would make it again/],
  ])('says what is wrong and what would be right: %j', async (words, message) => {
    expect(await failure(installation, ...words)).toMatch(new RegExp(message, 's'));
  });

  it('lets somebody in whom the issuer vouches for, closes the socket when that ends, and shows who it is', async () => {
    const seconds = Math.ceil(Date.now() / 1000) + 2;
    const token = await issuer.token({ expires: seconds });
    const { viewer } = await createGraphqlClient(program.adminUrl, token).data(VIEWER);
    expect(viewer).toMatchObject({
      id: 'oidc:alice',
      name: 'alice',
      scopes: ['CONFIG_READ', 'USAGE_READ'],
      expiresAt: new Date(seconds * 1000).toISOString(),
    });
    const socket = await subscribed(program, token);
    expect(await socket.ended).toMatchObject({ code: 4403 });
    expect(Math.abs(Date.now() - seconds * 1000)).toBeLessThan(AT_ONCE_MS);
    const wrong = createGraphqlClient(program.adminUrl, await issuer.token({ audience: 'another' }));
    expect((await wrong.send(VIEWER)).status).toBe(401);
  });

  it('is not needed: commands do the same on the directory of a stopped one', async () => {
    await program.stop();
    const { token } = await makeToken(installation);
    program = await installation.start();
    expect((await createGraphqlClient(program.adminUrl, token).data(VIEWER)).viewer.name).toBe('reader');
  });
});

it('a command waits for a service that holds its database but does not listen yet', async () => {
  await using installation = await createInstallation();
  const lock = await lockDirectory(installation.dataDir);
  const waiting = command(installation, 'workspace', 'list');
  const channel = await openCommandChannel({
    path: commandSocketPath(installation.dataDir),
    run: () => Promise.resolve([] as never),
    logger: quietLogger,
  });
  expect(await waiting).toEqual([]);
  await channel.close();
  await lock.release();
});

describe.skipIf(!postgresIsInstalled)('on a PostgreSQL that several nodes share', () => {
  it('works from a machine where no service runs, and stops a token on every node within a second', async () => {
    await using postgres = await startPostgres();
    const shared = { DATABASE_URL: await postgres.createDatabase(), CATALOG_REFRESH: 'false' };
    await using nodeA = await createInstallation({ ...shared, ROLES: 'gateway,control' });
    await using nodeB = await createInstallation({ ...shared, ROLES: 'gateway,control' });
    await using elsewhere = await createInstallation(shared);
    const first = await nodeA.start();
    const second = await nodeB.start();

    const made = await makeToken(elsewhere);
    const sockets = [await subscribed(first, made.token), await subscribed(second, made.token)] as const;
    await command(elsewhere, 'token', 'revoke', made.id);
    const waits = await Promise.all([
      refusedAfter(first, made.token, sockets[0]),
      refusedAfter(second, made.token, sockets[1]),
    ]);
    for (const wait of waits) expect(wait).toBeLessThan(AT_ONCE_MS);
    expect(await command(elsewhere, 'token', 'list', '--workspace', 'default')).toHaveLength(3);
  });
});
