import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionRecord } from '../../../src/domain/records.js';
import { positionOfConnection } from '../../../src/admin/positions.js';
import { newId } from '../../../src/domain/ids.js';
import type { SimulatedProvider } from '../../support/providers/simulated-provider.js';
import { codesOf, contextOf, startHarness, valueOf, type Harness } from './harness.js';

let harness: Harness;
let zai: SimulatedProvider;
beforeAll(async () => {
  harness = await startHarness();
  zai = await harness.simulate('zai');
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

let labels = 0;
async function connect(): Promise<ConnectionRecord> {
  const input = { offering: 'coding-plan', label: `connection ${(labels += 1)}`, discover: false };
  return valueOf(await harness.connect(zai, input)).connection;
}

async function auditOf(subjectId: string): Promise<{ action: string; changes: unknown }[]> {
  return harness.database.prisma.auditEntry.findMany({
    where: { subjectId },
    orderBy: { id: 'asc' },
    select: { action: true, changes: true },
  });
}

describe("a connection's key", () => {
  const elsewhere = 'https://attacker.example';

  it('is needed again where it would be sent to another address', async () => {
    const before = await connect();
    const { connections } = harness.admin;
    const refused = await connections.update(harness.context, before.id, {
      baseUrl: elsewhere,
      label: 'mine',
    });
    expect(refused).toMatchObject({
      ok: false,
      userErrors: [{ code: 'REQUIRED', field: ['input', 'secret'] }],
    });
    const [kept] = await connections.byIds(harness.context, [before.id]);
    expect(kept).toEqual(before);
    const audited = await auditOf(before.id);

    const key = 'a-key-for-the-other-address';
    const moved = valueOf(
      await connections.update(harness.context, before.id, { baseUrl: elsewhere, secret: key }),
    );
    expect(moved).toMatchObject({
      baseUrl: `${elsewhere}/`,
      secretPreview: 'a-k…ress',
      health: { state: 'UNKNOWN' },
    });
    expect((await auditOf(before.id)).slice(audited.length)).toEqual([
      {
        action: 'connection.update',
        changes: [
          { field: 'baseUrl', before: before.baseUrl, after: moved.baseUrl },
          { field: 'secret', before: null, after: '(set)' },
        ],
      },
    ]);
  });

  it.each(['http', 'port'])('is needed again for another %s of the same host', async (part) => {
    const before = await connect();
    const url = new URL(before.baseUrl ?? '');
    if (part === 'port') url.port = '1';
    else url.protocol = 'https:';
    const changed = await harness.admin.connections.update(harness.context, before.id, { baseUrl: url.href });
    expect(codesOf(changed)).toEqual(['REQUIRED']);
  });

  it('stays for another path of the same address, and for the addresses of the provider itself', async () => {
    const before = await connect();
    const { connections } = harness.admin;
    valueOf(await connections.update(harness.context, before.id, { baseUrl: `${before.baseUrl}proxy` }));
    valueOf(await connections.update(harness.context, before.id, { baseUrl: null }));
    expect(
      codesOf(await connections.update(harness.context, before.id, { baseUrl: before.baseUrl })),
    ).toEqual(['REQUIRED']);
  });
});

describe('changing a connection', () => {
  it('changes what is named, clears what is null, and leaves the rest', async () => {
    const before = await connect();
    const { connections } = harness.admin;
    const after = valueOf(
      await connections.update(harness.context, before.id, {
        label: 'renamed',
        enabled: false,
        baseUrl: null,
      }),
    );
    expect(after).toMatchObject({
      label: 'renamed',
      enabled: false,
      baseUrl: null,
      priority: before.priority,
    });
    expect((await auditOf(before.id)).at(-1)).toEqual({
      action: 'connection.update',
      changes: [
        { field: 'label', before: before.label, after: 'renamed' },
        { field: 'enabled', before: 'true', after: 'false' },
        { field: 'baseUrl', before: before.baseUrl, after: null },
      ],
    });
  });

  it('lets operators change different fields at the same time', async () => {
    const { id } = await connect();
    const { connections } = harness.admin;
    await Promise.all([
      connections.update(harness.context, id, { label: 'at the same time' }),
      connections.update(harness.context, id, { priority: 9 }),
      connections.update(harness.context, id, { enabled: false }),
    ]);
    const [after] = await connections.byIds(harness.context, [id]);
    expect(after).toMatchObject({ label: 'at the same time', priority: 9, enabled: false });
  });

  it('takes the price of another plan, unless one is given', async () => {
    const { id } = await connect();
    const { connections } = harness.admin;
    const pro = valueOf(await connections.update(harness.context, id, { planCode: 'pro' }));
    expect(pro.monthlyPriceNanoUsd).toBe(80_000_000_000n);
    const cheap = valueOf(await connections.update(harness.context, id, { monthlyPriceUsd: '9' }));
    expect(cheap).toMatchObject({ planCode: 'pro', monthlyPriceNanoUsd: 9_000_000_000n });
  });

  it('refuses what a new connection would be refused for', async () => {
    const [one, two] = [await connect(), await connect()];
    const { connections } = harness.admin;
    expect(codesOf(await connections.update(harness.context, one.id, { label: two.label }))).toEqual([
      'TAKEN',
    ]);
    expect(codesOf(await connections.update(harness.context, one.id, { region: 'moon' }))).toEqual([
      'INVALID',
    ]);
    const metadata = { baseUrl: 'http://169.254.169.254' };
    expect(codesOf(await connections.update(harness.context, one.id, metadata))).toEqual(['INVALID']);
    expect(codesOf(await connections.update(harness.context, 'conn_none', {}))).toEqual(['NOT_FOUND']);
  });
});

describe('rotating a secret', () => {
  it('refuses a bad one and keeps the old', async () => {
    const { id } = await connect();
    const envelope = async () =>
      (await harness.database.prisma.sealedSecret.findUniqueOrThrow({ where: { connectionId: id } }))
        .envelope;
    const before = await envelope();
    const { connections } = harness.admin;
    const bad = { secret: zai.keys.bad, verify: true };
    expect(codesOf(await connections.rotateSecret(harness.context, id, bad))).toEqual([
      'CREDENTIAL_REJECTED',
    ]);
    expect(await envelope()).toBe(before);
    valueOf(await connections.rotateSecret(harness.context, id, { secret: zai.keys.good, verify: false }));
    expect(await envelope()).not.toBe(before);
    expect((await auditOf(id)).at(-1)).toEqual({
      action: 'connection.rotate_secret',
      changes: [{ field: 'secret', before: null, after: '(set)' }],
    });
    await harness.discovery.settled();
  });
});

describe('verifying a connection', () => {
  it('records a failure as its health, and its end', async () => {
    const { id } = await connect();
    const heard: string[] = [];
    const stop = harness.bus.subscribe('connection.health', ({ connectionId }) => heard.push(connectionId));
    zai.setFault({ kind: 'refuse', failure: 'no-plan-with-200', on: 'account' });
    const failed = valueOf(await harness.admin.connections.verify(harness.context, id));
    expect(failed).toMatchObject({
      planActive: false,
      health: { state: 'UNHEALTHY', reason: 'PLAN_INACTIVE' },
    });
    zai.setFault(null);
    const passed = valueOf(await harness.admin.connections.verify(harness.context, id));
    expect(passed).toMatchObject({
      planActive: true,
      health: { state: 'HEALTHY', reason: null, message: null },
    });
    stop();
    expect(heard).toEqual([id, id]);
  });
});

describe('removing a connection', () => {
  it('takes its secret with it', async () => {
    const { id } = await connect();
    expect(valueOf(await harness.admin.connections.remove(harness.context, id))).toBe(id);
    expect(await harness.database.prisma.sealedSecret.count({ where: { connectionId: id } })).toBe(0);
    expect(await harness.admin.connections.byIds(harness.context, [id])).toEqual([null]);
    expect(codesOf(await harness.admin.connections.remove(harness.context, id))).toEqual(['NOT_FOUND']);
  });
});

describe('listing', () => {
  it('pages by priority, completely and without repeats', async () => {
    for (const priority of [5, 1, 5]) {
      const { id } = await connect();
      valueOf(await harness.admin.connections.update(harness.context, id, { priority }));
    }
    const seen: ConnectionRecord[] = [];
    for (let after = null, more = true; more;) {
      const page = await harness.admin.connections.list(harness.context, { first: 2, after }, {});
      seen.push(...page.items);
      expect(page.totalCount).toBe(await harness.database.prisma.connection.count());
      more = page.hasNextPage;
      const last = page.items.at(-1);
      after = last ? positionOfConnection(last) : null;
    }
    expect(new Set(seen.map(({ id }) => id)).size).toBe(await harness.database.prisma.connection.count());
    expect(seen.map(({ priority }) => priority)).toEqual(
      seen.map(({ priority }) => priority).toSorted((a, b) => a - b),
    );
  });
});

describe('another workspace', () => {
  it('sees nothing of this one and changes nothing in it', async () => {
    const connection = await connect();
    const { id: key } = valueOf(
      await harness.admin.accessKeys.create(harness.context, { name: 'ours', allowedModels: [] }),
    ).accessKey;
    const run = valueOf(await harness.admin.discovery.start(harness.context, [connection.id]));
    await harness.discovery.settled();
    const now = new Date();
    const other = newId('workspace', now.getTime());
    await harness.database.prisma.workspace.create({
      data: { id: other, slug: 'other', name: 'Other', createdAt: now },
    });
    const stranger = contextOf(other);
    const { admin } = harness;
    const page = { first: 100, after: null };

    expect((await admin.connections.list(stranger, page, {})).totalCount).toBe(0);
    expect((await admin.models.list(stranger, page, {}, { field: 'REF', direction: 'ASC' })).items).toEqual(
      [],
    );
    expect((await admin.discovery.runs(stranger, page)).items).toEqual([]);
    expect((await admin.accessKeys.list(stranger, page, {})).items).toEqual([]);
    expect(await admin.connections.byIds(stranger, [connection.id])).toEqual([null]);
    expect(await admin.connections.lastDiscoveries(stranger, [connection.id])).toEqual([null]);
    expect(await admin.models.byRef(stranger, 'zai/glm-5.1')).toBeNull();
    expect(await admin.discovery.byIds(stranger, [run.id])).toEqual([null]);
    expect(codesOf(await admin.connections.update(stranger, connection.id, { label: 'mine' }))).toEqual([
      'NOT_FOUND',
    ]);
    expect(codesOf(await admin.connections.remove(stranger, connection.id))).toEqual(['NOT_FOUND']);
    expect(codesOf(await admin.connections.verify(stranger, connection.id))).toEqual(['NOT_FOUND']);
    const secret = { secret: 'x', verify: false };
    expect(codesOf(await admin.connections.rotateSecret(stranger, connection.id, secret))).toEqual([
      'NOT_FOUND',
    ]);
    expect(codesOf(await admin.discovery.start(stranger, [connection.id]))).toEqual(['NOT_FOUND']);
    expect(codesOf(await admin.discovery.cancel(stranger, run.id))).toEqual(['NOT_FOUND']);
    expect(codesOf(await admin.accessKeys.revoke(stranger, key))).toEqual(['NOT_FOUND']);
    expect((await admin.workspace(stranger)).slug).toBe('other');
  });
});
