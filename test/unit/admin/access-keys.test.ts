import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashToken, makeAdminToken } from '../../../src/secrets/tokens.js';
import { ensureBootstrap } from '../../../src/admin/bootstrap.js';
import { until } from '../../support/wait.js';
import { ADMIN_TOKEN, codesOf, contextOf, startHarness, valueOf, type Harness } from './harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

describe('access keys', () => {
  it('show their plaintext once and are stored as a hash', async () => {
    const made = await harness.admin.accessKeys.create(harness.context, {
      name: 'agent',
      allowedModels: ['zai/*'],
    });
    const { accessKey, plaintext } = valueOf(made);
    expect(plaintext).toMatch(/^sy_[\w-]{43}$/);
    const { prisma } = harness.database;
    const row = await prisma.accessKey.findUniqueOrThrow({ where: { id: accessKey.id } });
    expect(row.hash).toBe(hashToken(plaintext ?? ''));
    const everything = JSON.stringify([row, await prisma.auditEntry.findMany()]);
    expect(everything).not.toContain(plaintext);
  });

  it('answer a repeat under the same idempotency key without the plaintext', async () => {
    const input = { name: 'repeated', allowedModels: [], idempotencyKey: 'k' };
    const results = await Promise.all(
      Array.from({ length: 10 }, () => harness.admin.accessKeys.create(harness.context, input)),
    );
    const values = results.map(valueOf);
    expect(new Set(values.map(({ accessKey }) => accessKey.id)).size).toBe(1);
    expect(values.filter(({ plaintext }) => plaintext !== null)).toHaveLength(1);
    const other = await harness.admin.accessKeys.create(harness.context, { ...input, name: 'other' });
    expect(codesOf(other)).toEqual(['IDEMPOTENCY_MISMATCH']);
  });

  it.each([
    ['no name', { name: ' ', allowedModels: [] }, 'REQUIRED'],
    ['an overlong name', { name: 'x'.repeat(101), allowedModels: [] }, 'OUT_OF_RANGE'],
    ['an expiry in the past', { name: 'x', allowedModels: [], expiresAt: 1 }, 'INVALID'],
    ['a model without provider', { name: 'x', allowedModels: ['glm-5.1'] }, 'INVALID'],
    ['a pattern within a name', { name: 'x', allowedModels: ['zai/glm-*'] }, 'INVALID'],
    ['an unknown provider', { name: 'x', allowedModels: ['nobody/*'] }, 'INVALID'],
  ])('are refused with %s', async (_, input, code) => {
    expect(codesOf(await harness.admin.accessKeys.create(harness.context, input))).toEqual([code]);
  });

  it('are listed by state, without revoked ones unless asked for', async () => {
    const make = async (name: string) =>
      valueOf(await harness.admin.accessKeys.create(harness.context, { name, allowedModels: [] })).accessKey;
    const [kept, revoked] = [await make('listed kept'), await make('listed revoked')];
    const after = valueOf(await harness.admin.accessKeys.revoke(harness.context, revoked.id));
    expect(harness.admin.accessKeys.state(after, 0n)).toBe('REVOKED');
    expect(valueOf(await harness.admin.accessKeys.revoke(harness.context, revoked.id))).toEqual(after);
    const list = async (filter: object) =>
      (await harness.admin.accessKeys.list(harness.context, { first: 100, after: null }, filter)).items.map(
        ({ id }) => id,
      );
    expect(await list({ search: 'LISTED' })).toEqual([kept.id]);
    expect(await list({ search: 'listed', states: ['REVOKED'] })).toEqual([revoked.id]);
    expect(await list({ states: ['SUSPENDED'] })).toEqual([]);
  });

  it('need scopes of their own', async () => {
    const context = contextOf(harness.context.actor.workspaceId, ['CONFIG_READ', 'CONFIG_WRITE']);
    await expect(
      harness.admin.accessKeys.create(context, { name: 'x', allowedModels: [] }),
    ).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(harness.admin.accessKeys.list(context, { first: 1, after: null }, {})).rejects.toMatchObject(
      {
        code: 'FORBIDDEN',
      },
    );
  });
});

describe('admin tokens', () => {
  it('are recognised by their hash and stop within a second of their revocation', async () => {
    const actor = await harness.admin.authenticate(ADMIN_TOKEN);
    expect(actor).toMatchObject({ kind: 'ADMIN_TOKEN', name: 'owner' });
    expect(actor?.scopes).toHaveLength(6);
    expect(await harness.admin.authenticate('sya_unknown')).toBeNull();
    await harness.database.prisma.adminToken.update({
      where: { hash: hashToken(ADMIN_TOKEN) },
      data: { revokedAt: new Date() },
    });
    await until(
      'the token stops',
      async () => (await harness.admin.authenticate(ADMIN_TOKEN)) === null,
      1_500,
    );
  });

  it('stop at their expiry even while they are trusted', async () => {
    const token = makeAdminToken();
    const { prisma } = harness.database;
    const workspaceId = harness.context.actor.workspaceId;
    const expiresAt = new Date(Date.now() + 150);
    const hash = hashToken(token);
    await prisma.adminToken.create({
      data: {
        id: 'tok_short',
        workspaceId,
        name: 'short',
        hash,
        scopes: [],
        createdAt: new Date(),
        expiresAt,
      },
    });
    expect(await harness.admin.authenticate(token)).not.toBeNull();
    await until('the token expires', async () => (await harness.admin.authenticate(token)) === null, 900);
  });
});

it('bootstrapping ten times at once makes one workspace and one token', async () => {
  const token = makeAdminToken();
  const { database, clock } = harness;
  const made = await Promise.all(
    Array.from({ length: 10 }, () => ensureBootstrap({ database, adminToken: token, clock })),
  );
  expect(new Set(made.map(({ id }) => id)).size).toBe(1);
  expect(await database.prisma.workspace.count({ where: { slug: 'default' } })).toBe(1);
  expect(await database.prisma.adminToken.count({ where: { hash: hashToken(token) } })).toBe(1);
});
