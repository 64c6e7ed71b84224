import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSnapshotPublisher, type SnapshotPublisher } from '../../../src/admin/snapshot-publisher.js';
import type { ConnectionRecord } from '../../../src/domain/records.js';
import { readSnapshotSource } from '../../../src/persistence/snapshot-source.js';
import type { RoutingSnapshot, WorkspaceSnapshot } from '../../../src/routing/snapshot.js';
import { buildSnapshot } from '../../../src/admin/snapshot.js';
import { hashToken } from '../../../src/secrets/tokens.js';
import { quietLogger } from '../../support/database.js';
import type { SimulatedProvider } from '../../support/providers/simulated-provider.js';
import { until } from '../../support/wait.js';
import { startHarness, valueOf, type Harness } from './harness.js';

let harness: Harness;
let zai: SimulatedProvider;
let connection: ConnectionRecord;
let publisher: SnapshotPublisher | null = null;
beforeEach(async () => {
  harness = await startHarness();
  zai = await harness.simulate('zai');
  zai.setModels([{ id: 'glm-5.1' }, { id: 'glm-4.7' }, { id: 'embedding-3' }]);
  ({ connection } = valueOf(await harness.connect(zai, { offering: 'coding-plan' })));
  await harness.discovery.settled();
});
afterEach(async () => {
  await publisher?.close();
  publisher = null;
  await harness[Symbol.asyncDispose]();
});

async function build(): Promise<WorkspaceSnapshot> {
  const source = await readSnapshotSource(harness.database.prisma, Date.now());
  const [workspace] = buildSnapshot(source, { version: 1, builtAt: 1 }).workspaces;
  if (!workspace) throw new Error('no workspace');
  return workspace;
}

async function makeKey(name: string): Promise<{ id: string; hash: string }> {
  const made = valueOf(await harness.admin.accessKeys.create(harness.context, { name, allowedModels: [] }));
  return { id: made.accessKey.id, hash: hashToken(made.plaintext ?? '') };
}

describe('a snapshot', () => {
  it('holds what routing needs, and the secret still sealed', async () => {
    const workspace = await build();
    expect(workspace.slug).toBe('default');
    expect(workspace.connections).toMatchObject([
      {
        id: connection.id,
        provider: 'zai',
        offering: 'coding-plan',
        billing: 'SUBSCRIPTION',
        baseUrl: connection.baseUrl,
      },
    ]);
    const sealed = workspace.connections[0]?.secret ?? '';
    const binding = { workspaceId: workspace.id, subjectId: connection.id, purpose: 'connection.secret' };
    expect(harness.vault.open(sealed, binding)).toBe(zai.keys.good);
    expect(workspace.models.map(({ ref }) => ref)).toEqual(['zai/glm-4.7', 'zai/glm-5.1']);
    expect(workspace.models[0]).toMatchObject({
      upstreamId: 'glm-4.7',
      price: { input: expect.stringMatching(/^\d+$/) },
      via: [
        {
          connectionId: connection.id,
          protocols: expect.arrayContaining(['OPENAI_CHAT', 'ANTHROPIC_MESSAGES']),
        },
      ],
    });
  });

  it('leaves out disabled connections, disabled models and removed ones', async () => {
    const { prisma } = harness.database;
    await prisma.model.updateMany({ where: { ref: 'zai/glm-4.7' }, data: { enabled: false } });
    expect((await build()).models.map(({ ref }) => ref)).toEqual(['zai/glm-5.1']);
    valueOf(await harness.admin.connections.update(harness.context, connection.id, { enabled: false }));
    const disabled = await build();
    expect(disabled.connections).toEqual([]);
    expect(disabled.models.flatMap(({ via }) => via)).toEqual([]);
    valueOf(await harness.admin.connections.remove(harness.context, connection.id));
    expect((await build()).models).toEqual([]);
  });

  it('holds models that embed for nothing but that, and none that cannot be asked to', async () => {
    const openai = await harness.simulate('openai');
    openai.setModels([{ id: 'gpt-5.5' }, { id: 'text-embedding-3-large' }, { id: 'sora-2' }]);
    valueOf(await harness.connect(openai));
    await harness.discovery.settled();
    const protocolsOf = async (): Promise<Record<string, unknown>> =>
      Object.fromEntries(
        (await build()).models
          .filter(({ provider }) => provider === 'openai')
          .map(({ upstreamId, via }) => [upstreamId, via.flatMap(({ protocols }) => protocols)]),
      );
    const expected = {
      'gpt-5.5': ['OPENAI_CHAT', 'OPENAI_RESPONSES'],
      'text-embedding-3-large': ['OPENAI_EMBEDDINGS'],
    };
    expect(await protocolsOf()).toEqual(expected);
    // As it was noted before embeddings were a format of their own.
    await harness.database.prisma.modelConnection.updateMany({
      where: { model: { upstreamId: 'text-embedding-3-large' } },
      data: { protocols: ['OPENAI_CHAT', 'OPENAI_EMBEDDINGS'] },
    });
    expect(await protocolsOf()).toEqual(expected);
  });

  it('holds keys that work: a rotated one under both hashes, no revoked and no expired one', async () => {
    const [good, rotated, revoked, expired] = [
      await makeKey('good'),
      await makeKey('rotated'),
      await makeKey('revoked'),
      await makeKey('expired'),
    ];
    const { prisma } = harness.database;
    const graceEnds = new Date(Date.now() + 60_000);
    await prisma.accessKey.update({
      where: { id: rotated.id },
      data: { previousHash: 'old', previousValidUntil: graceEnds },
    });
    await prisma.accessKey.update({ where: { id: expired.id }, data: { expiresAt: new Date(1) } });
    valueOf(await harness.admin.accessKeys.revoke(harness.context, revoked.id));
    expect((await build()).accessKeys).toEqual([
      { ...good, validUntil: null, allowedModels: [], allowedTiers: [] },
      { ...rotated, validUntil: null, allowedModels: [], allowedTiers: [] },
      { id: rotated.id, hash: 'old', validUntil: graceEnds.getTime(), allowedModels: [], allowedTiers: [] },
    ]);
  });

  it('names connections of a model by priority', async () => {
    const first = valueOf(
      await harness.connect(zai, { offering: 'api', label: 'first', priority: -1 }),
    ).connection;
    await harness.discovery.settled();
    const via = (await build()).models[0]?.via.map(({ connectionId }) => connectionId);
    expect(via).toEqual([first.id, connection.id]);
  });
});

describe('the publisher', () => {
  const written: RoutingSnapshot[] = [];
  let refuse = false;
  function start(lastVersion = 0): SnapshotPublisher {
    written.length = 0;
    refuse = false;
    publisher = createSnapshotPublisher({
      ...harness,
      logger: quietLogger,
      lastVersion,
      write: async (snapshot) => {
        if (refuse) throw new Error('the gateway is away');
        written.push(snapshot);
      },
    });
    return publisher;
  }
  const hashes = (snapshot: RoutingSnapshot | undefined): string[] =>
    (snapshot?.workspaces[0]?.accessKeys ?? []).map(({ hash }) => hash);

  it('brings a revocation to the gateways well within a second', async () => {
    await start().publish();
    const { id, hash } = await makeKey('short-lived');
    await until('the key arrives', () => hashes(written.at(-1)).includes(hash), 1_000);
    valueOf(await harness.admin.accessKeys.revoke(harness.context, id));
    await until('the key leaves', () => !hashes(written.at(-1)).includes(hash), 1_000);
  });

  it('numbers snapshots upwards, also from where another process stopped', async () => {
    const ahead = Date.now() + 3_600_000;
    const first = await start(ahead).publish();
    expect(first.version).toBe(ahead + 1);
    await makeKey('another');
    await until('the next', () => written.length === 2);
    expect(written[1]?.version).toBe(ahead + 2);
  });

  it('gathers many changes into few snapshots, and loses none', async () => {
    await start().publish();
    const keys = await Promise.all(Array.from({ length: 30 }, (_, index) => makeKey(`key ${index}`)));
    await until('all keys', () => keys.every(({ hash }) => hashes(written.at(-1)).includes(hash)));
    expect(written.length).toBeLessThan(12);
  });

  it('writes nothing when a change changes nothing', async () => {
    const first = await start().publish();
    harness.bus.publish('config.changed', { workspaceId: harness.context.actor.workspaceId });
    expect(await publisher?.publish()).toBe(first);
    expect(written).toHaveLength(1);
  });

  it('tries again after a failure until the change has arrived', async () => {
    await start().publish();
    refuse = true;
    const { hash } = await makeKey('patient');
    await expect(publisher?.publish()).rejects.toThrow('away');
    refuse = false;
    await until('the key arrives', () => hashes(written.at(-1)).includes(hash));
  });
});
