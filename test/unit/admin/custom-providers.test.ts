import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CustomProviderCreateInput } from '../../../src/admin/custom-providers/verbs.js';
import type { SimulatedProvider } from '../../support/providers/simulated-provider.js';
import { startHomelab } from '../../support/providers/homelab.js';
import type { Result } from '../../../src/admin/result.js';
import { codesOf, contextOf, startHarness, valueOf, type Harness } from './harness.js';

let harness: Harness;
let homelab: SimulatedProvider;
beforeAll(async () => {
  harness = await startHarness();
  homelab = await startHomelab();
});
afterEach(async () => {
  const { prisma } = harness.database;
  await harness.discovery.settled();
  await prisma.connection.deleteMany();
  await prisma.model.deleteMany();
  await prisma.customProvider.deleteMany();
  await prisma.auditEntry.deleteMany();
});
afterAll(async () => {
  await homelab.close();
  await harness[Symbol.asyncDispose]();
});

const INPUT: CustomProviderCreateInput = {
  slug: 'homelab',
  name: 'Homelab',
  billing: 'METERED',
  credential: 'API_KEY',
  protocol: 'OPENAI_CHAT',
  baseUrl: 'https://llm.example.com/v1/',
  liveCatalog: true,
  models: [],
};
const ID = 'prov_homelab';

const create = (input: Partial<CustomProviderCreateInput> = {}) =>
  harness.admin.providers.create(harness.context, { ...INPUT, ...input });
const connect = (label = 'main') =>
  harness.admin.connections.create(harness.context, {
    provider: 'homelab',
    label,
    secret: homelab.keys.good,
    priority: 0,
    verify: true,
    discover: true,
  });
const modelsOf = async (provider: string) =>
  (
    await harness.admin.models.list(
      harness.context,
      { first: 100, after: null },
      { providers: [provider] },
      { field: 'REF', direction: 'ASC' },
    )
  ).items;
const auditOf = (action: string) =>
  harness.database.prisma.auditEntry.findFirstOrThrow({ where: { action } });

describe('a custom provider', () => {
  it('is known in its workspace from then on, and nowhere else', async () => {
    expect(valueOf(await create())).toMatchObject({ slug: 'homelab', kind: 'CUSTOM' });
    const known = await harness.admin.providers.known(harness.context);
    expect(known.find('homelab')?.offerings[0].ownBase?.url).toBe('https://llm.example.com/v1');
    const elsewhere = await harness.admin.providers.known(contextOf('ws_other'));
    expect(elsewhere.find('homelab')).toBeNull();
    expect(await auditOf('custom_provider.create')).toMatchObject({ subjectId: ID, subjectName: 'Homelab' });
  });

  it.each<[string, Partial<CustomProviderCreateInput>, string, string]>([
    ['capitals in the slug', { slug: 'Home' }, 'INVALID', 'slug'],
    ['a slash in the slug', { slug: 'a/b' }, 'INVALID', 'slug'],
    ['a dash at the end of the slug', { slug: 'home-' }, 'INVALID', 'slug'],
    ['the slug of a built-in provider', { slug: 'zai' }, 'TAKEN', 'slug'],
    ['the alias of a built-in provider', { slug: 'nanogpt' }, 'TAKEN', 'slug'],
    ['no name', { name: '  ' }, 'REQUIRED', 'name'],
    ['a format that needs more than a URL', { protocol: 'GEMINI' }, 'INVALID', 'protocol'],
    ['a sign-in', { credential: 'OAUTH_TOKEN' }, 'INVALID', 'credential'],
    ['a base with a query', { baseUrl: 'https://h.example/v1?x=1' }, 'INVALID', 'baseUrl'],
    ['a metadata service as base', { baseUrl: 'http://169.254.169.254/' }, 'INVALID', 'baseUrl'],
    ['neither list nor models', { liveCatalog: false }, 'REQUIRED', 'models'],
    ['a model twice', { models: [{ upstreamId: 'a' }, { upstreamId: ' a' }] }, 'INVALID', 'models'],
    ['a model without name', { models: [{ upstreamId: '' }] }, 'INVALID', 'models'],
    ['an empty window', { models: [{ upstreamId: 'a', contextWindow: 0 }] }, 'OUT_OF_RANGE', 'models'],
    [
      'a negative price',
      {
        models: [{ upstreamId: 'a', listPrice: { inputUsdPerMillion: '-1', outputUsdPerMillion: '1' } }],
      },
      'OUT_OF_RANGE',
      'models',
    ],
  ])('is refused with %s', async (_, input, code, field) => {
    const refused = await create(input);
    expect(codesOf(refused)).toEqual([code]);
    expect(refused.ok ? null : refused.userErrors[0].field?.slice(0, 2)).toEqual(['input', field]);
    expect(await harness.database.prisma.customProvider.count()).toBe(0);
  });

  it('is refused with every problem named at once', async () => {
    expect(codesOf(await create({ slug: '-', name: '', baseUrl: 'ftp://h' }))).toEqual([
      'INVALID',
      'REQUIRED',
      'INVALID',
    ]);
  });

  it('keeps its slug to itself, also in a race', async () => {
    const made = await Promise.all([create(), create(), create()]);
    expect(made.filter(({ ok }) => ok)).toHaveLength(1);
    expect(made.flatMap(codesOf)).toEqual(['TAKEN', 'TAKEN']);
  });

  it('may be private only when it is local, unless private addresses are allowed', async () => {
    await using strict = await startHarness({ allowPrivateUpstreams: false });
    const make = (billing: 'METERED' | 'LOCAL', slug: string) =>
      strict.admin.providers.create(strict.context, {
        ...INPUT,
        slug,
        billing,
        baseUrl: 'http://127.0.0.1:8080',
      });
    expect(codesOf(await make('METERED', 'paid'))).toEqual(['INVALID']);
    expect(valueOf(await make('LOCAL', 'mine')).slug).toBe('mine');
  });

  it('needs the scope to change the configuration', async () => {
    const reader = contextOf(harness.context.actor.workspaceId, ['CONFIG_READ']);
    await expect(harness.admin.providers.create(reader, INPUT)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(harness.admin.providers.update(reader, ID, {})).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(harness.admin.providers.remove(reader, ID)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('its connections', () => {
  it('are checked and asked for their models like any other', async () => {
    valueOf(
      await create({
        baseUrl: homelab.url,
        models: [
          {
            upstreamId: 'llama-4',
            displayName: 'Llama 4',
            contextWindow: 131_072,
            capabilities: ['TOOLS'],
            listPrice: { inputUsdPerMillion: '0.5', outputUsdPerMillion: '2' },
          },
          { upstreamId: 'unlisted' },
        ],
      }),
    );
    const { connection } = valueOf(await connect());
    expect(connection).toMatchObject({
      provider: 'homelab',
      offering: 'custom',
      health: { state: 'HEALTHY' },
    });
    await harness.discovery.settled();
    const models = await modelsOf('homelab');
    expect(models.map(({ ref }) => ref)).toEqual([
      'homelab/llama-4',
      'homelab/qwen/qwen3-coder',
      'homelab/unlisted',
    ]);
    expect(models[0]).toMatchObject({
      displayName: 'Llama 4',
      contextWindow: 131_072,
      capabilities: ['STREAMING', 'TOOLS'],
      price: { input: 500_000_000n, output: 2_000_000_000n, source: 'PROVIDER' },
    });
    expect(models[1]?.price).toBeNull();
    const key = await harness.admin.accessKeys.create(harness.context, {
      name: 'agent',
      allowedModels: ['homelab/*'],
    });
    expect(valueOf(key).accessKey.allowedModels).toEqual(['homelab/*']);
  });

  it('are refused with a key the server refuses, and for a provider nobody described', async () => {
    expect(codesOf(await connect())).toEqual(['NOT_FOUND']);
    valueOf(await create({ baseUrl: homelab.url }));
    const refused = await harness.admin.connections.create(harness.context, {
      provider: 'homelab',
      label: 'wrong',
      secret: homelab.keys.bad,
      priority: 0,
      verify: true,
      discover: false,
    });
    expect(codesOf(refused)).toEqual(['CREDENTIAL_REJECTED']);
  });

  it('follow a change of the description, and are asked anew', async () => {
    valueOf(await create({ baseUrl: homelab.url }));
    valueOf(await connect());
    await harness.discovery.settled();
    const changed = await harness.admin.providers.update(harness.context, ID, {
      name: 'Lab',
      protocol: 'ANTHROPIC_MESSAGES',
      liveCatalog: false,
      models: [{ upstreamId: 'llama-4' }],
    });
    expect(valueOf(changed)).toMatchObject({ slug: 'homelab', name: 'Lab' });
    await harness.discovery.settled();
    expect((await modelsOf('homelab')).map(({ ref }) => ref)).toEqual(['homelab/llama-4']);
    const route = await harness.database.prisma.modelConnection.findFirstOrThrow({
      where: { state: 'AVAILABLE' },
    });
    expect(route.protocols).toEqual(['ANTHROPIC_MESSAGES']);
    const { changes } = await auditOf('custom_provider.update');
    expect(changes).toMatchObject(
      expect.arrayContaining([
        { field: 'name', before: 'Homelab', after: 'Lab' },
        { field: 'models.llama-4', before: null, after: expect.stringContaining('llama-4') },
      ]),
    );
  });
});

describe('keys that go to its address', () => {
  it('are not sent to another one that was only described', async () => {
    valueOf(await create({ baseUrl: homelab.url }));
    const connection = valueOf(await connect()).connection;
    const move = (): Promise<Result<unknown>> =>
      harness.admin.providers.update(harness.context, ID, { baseUrl: 'https://attacker.example/v1' });
    const refused = await move();
    expect(codesOf(refused)).toEqual(['INVALID_STATE']);
    expect(refused.ok ? '' : refused.userErrors[0].message).toContain(`"${connection.label}"`);

    // A connection with an address and a key of its own does not follow.
    const own = { baseUrl: 'https://llm.example.com/v1', secret: homelab.keys.good };
    const { connections } = harness.admin;
    valueOf(await connections.update(harness.context, connection.id, own));
    valueOf(await move());
    const back = await connections.update(harness.context, connection.id, { baseUrl: null });
    expect(codesOf(back)).toEqual(['REQUIRED']);
  });

  it('stay when only the path changes', async () => {
    valueOf(await create({ baseUrl: homelab.url }));
    valueOf(await connect());
    const path = await harness.admin.providers.update(harness.context, ID, { baseUrl: `${homelab.url}/v2` });
    expect(path.ok).toBe(true);
  });
});

describe('a change', () => {
  it('touches only the fields it names', async () => {
    valueOf(await create({ models: [{ upstreamId: 'a' }] }));
    valueOf(await harness.admin.providers.update(harness.context, ID, { name: 'Lab' }));
    const row = await harness.database.prisma.customProvider.findFirstOrThrow();
    expect(row).toMatchObject({
      name: 'Lab',
      definition: { baseUrl: 'https://llm.example.com/v1', protocol: 'OPENAI_CHAT', liveCatalog: true },
    });
  });

  it('is refused when nothing would be left to call', async () => {
    valueOf(await create());
    const update = (input: object) => harness.admin.providers.update(harness.context, ID, input);
    expect(codesOf(await update({ liveCatalog: false }))).toEqual(['REQUIRED']);
    expect(codesOf(await update({ baseUrl: 'file:///etc/passwd' }))).toEqual(['INVALID']);
    expect(codesOf(await update({ protocol: 'GEMINI' }))).toEqual(['INVALID']);
  });

  it('is not for built-in providers or those of another workspace', async () => {
    valueOf(await create());
    const update = (context: Harness['context'], id: string) =>
      harness.admin.providers.update(context, id, { name: 'Mine' });
    expect(codesOf(await update(harness.context, 'prov_zai'))).toEqual(['NOT_FOUND']);
    expect(codesOf(await update(contextOf('ws_other'), ID))).toEqual(['NOT_FOUND']);
    expect(codesOf(await update(harness.context, 'homelab'))).toEqual(['NOT_FOUND']);
  });
});

describe('removal', () => {
  it('waits for the connections to go, and leaves the models to history', async () => {
    valueOf(await create({ baseUrl: homelab.url }));
    const { connection } = valueOf(await connect());
    await harness.discovery.settled();
    const remove = () => harness.admin.providers.remove(harness.context, ID);
    expect(codesOf(await remove())).toEqual(['IN_USE']);
    valueOf(await harness.admin.connections.remove(harness.context, connection.id));
    expect(valueOf(await remove())).toBe(ID);
    const models = await harness.database.prisma.model.findMany();
    expect(models.map(({ state }) => state)).toEqual(['REMOVED', 'REMOVED']);
    expect(codesOf(await remove())).toEqual(['NOT_FOUND']);
    expect(await auditOf('custom_provider.delete')).toMatchObject({ subjectName: 'Homelab' });
    expect(codesOf(await connect())).toEqual(['NOT_FOUND']);
  });

  it('never leaves a connection without its provider, whoever comes first', async () => {
    valueOf(await create({ baseUrl: homelab.url }));
    await Promise.all([connect('a'), harness.admin.providers.remove(harness.context, ID), connect('b')]);
    await harness.discovery.settled();
    const { prisma } = harness.database;
    const [connections, providers] = [await prisma.connection.count(), await prisma.customProvider.count()];
    expect(connections > 0 ? providers : 1).toBe(1);
  });
});
