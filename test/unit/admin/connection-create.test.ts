import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionCreateInput } from '../../../src/admin/connections/verbs.js';
import type { OfferingDefinition } from '../../../src/providers/define-provider.js';
import { findOffering, findProvider } from '../../../src/providers/registry.js';
import {
  SIMULATED_SLUGS,
  simulationOf,
  type SimulatedProvider,
} from '../../support/providers/simulated-provider.js';
import { codesOf, contextOf, startHarness, valueOf, type Harness } from './harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

/** Every offering that is simulated, whether it takes a key, and what a wrong one comes to there. */
const OFFERINGS = SIMULATED_SLUGS.flatMap((slug) =>
  Object.entries(simulationOf(slug).verdicts).map(([offering, { bad, wrongProduct }]) => {
    const { credential, takesKey, foreignSecrets } = definitionOf(slug, offering);
    const foreign = (key: string | null): boolean =>
      key !== null && foreignSecrets.some(({ pattern }) => pattern.test(key));
    const { keys } = simulationOf(slug);
    const takesSecret = credential !== 'NONE' || takesKey === true;
    return {
      slug,
      offering,
      takesSecret,
      tellsBad: takesSecret && bad !== null,
      // Where offerings have keys of different forms, the simulated ones fit one of them only.
      keys: foreign(keys.good) ? { ...keys, good: 'a-good-key', bad: 'a-bad-key' } : keys,
      wrongProduct,
      tellsProduct: foreign(keys.wrongProduct) || wrongProduct !== 'AUTHENTICATION',
    };
  }),
);

function definitionOf(slug: string, code: string): OfferingDefinition {
  const provider = findProvider(slug);
  const offering = provider && findOffering(provider, code);
  if (!offering) throw new Error(`${slug}/${code} is not registered`);
  return offering;
}

async function rowCounts(): Promise<number[]> {
  const { prisma } = harness.database;
  return Promise.all([
    prisma.connection.count(),
    prisma.sealedSecret.count(),
    prisma.auditEntry.count(),
    prisma.discoveryRun.count(),
    prisma.idempotencyKey.count(),
  ]);
}

describe.each(OFFERINGS.filter(({ takesSecret }) => !takesSecret))(
  'connecting $slug $offering',
  ({ slug, offering }) => {
    it('asks for no key, discovers the models, and refuses a key that nobody would read', async () => {
      const provider = await harness.simulate(slug);
      const { connection, discoveryRun } = valueOf(
        await harness.connect(provider, { offering, label: offering, secret: '' }),
      );
      expect(connection).toMatchObject({ credential: 'NONE', secretPreview: null });
      await harness.discovery.settled();
      const [run] = await harness.admin.discovery.byIds(harness.context, [discoveryRun?.id ?? '']);
      expect(run).toMatchObject({ status: 'SUCCEEDED', results: [{ status: 'SUCCEEDED', failure: null }] });
      expect(codesOf(await harness.connect(provider, { offering, label: 'keyed', secret: 'a-key' }))).toEqual(
        ['INVALID'],
      );
    });
  },
);

describe.each(OFFERINGS.filter(({ takesSecret }) => takesSecret))('connecting $slug $offering', (entry) => {
  const { slug, offering, keys, tellsBad, wrongProduct, tellsProduct } = entry;
  it('verifies the key, seals it, discovers the models and says so in the audit log', async () => {
    const provider = await harness.simulate(slug, { keys });
    const { connection, discoveryRun } = valueOf(
      await harness.connect(provider, { offering, label: offering }),
    );
    expect(connection.health.state).toBe('HEALTHY');
    expect(discoveryRun?.status).toBe('QUEUED');
    await harness.discovery.settled();

    const [run] = await harness.admin.discovery.byIds(harness.context, [discoveryRun?.id ?? '']);
    expect(run).toMatchObject({ status: 'SUCCEEDED', results: [{ status: 'SUCCEEDED', failure: null }] });
    expect(run?.results[0]?.modelsFound).toBeGreaterThan(0);
    expect(run?.results[0]?.modelsAdded.every((ref) => ref.startsWith(`${slug}/`))).toBe(true);
    const models = await harness.admin.models.list(
      harness.context,
      { first: 100, after: null },
      { connectionId: connection.id },
      { field: 'REF', direction: 'ASC' },
    );
    expect(models.items.length).toBeGreaterThan(0);
    expect(models.totalCount).toBe(models.items.length);
    for (const model of models.items) {
      expect(model.via.length).toBeGreaterThan(0);
      for (const route of model.via) expect(route.protocols.length).toBeGreaterThan(0);
    }

    const { prisma } = harness.database;
    const stored = await prisma.sealedSecret.findUniqueOrThrow({ where: { connectionId: connection.id } });
    expect(stored.envelope).not.toContain(provider.keys.good);
    expect(stored.keyId).toBe(harness.vault.keyId);
    const [entry] = await prisma.auditEntry.findMany({ where: { subjectId: connection.id } });
    expect(entry).toMatchObject({ action: 'connection.create', actorName: 'tester', requestId: 'req_test' });
    expect(JSON.stringify(entry)).not.toContain(provider.keys.good);
  });

  if (definitionOf(slug, offering).takesKey) {
    it('needs no key', async () => {
      const provider = await harness.simulate(slug, { keys });
      const created = await harness.connect(provider, { offering, label: 'keyless', secret: '' });
      expect(valueOf(created).connection).toMatchObject({
        credential: 'NONE',
        secretPreview: null,
        health: { state: 'HEALTHY' },
      });
      await harness.discovery.settled();
    });
  }

  if (tellsBad) {
    it('refuses a bad key and saves nothing', async () => {
      const provider = await harness.simulate(slug, { keys });
      const before = await rowCounts();
      const refused = await harness.connect(provider, { offering, label: 'bad', secret: provider.keys.bad });
      expect(codesOf(refused)).toEqual(['CREDENTIAL_REJECTED']);
      expect(refused.ok || refused.userErrors[0].message).not.toContain(provider.keys.bad);
      expect(await rowCounts()).toEqual(before);
    });
  }

  if (wrongProduct !== null) {
    it('tells a key for another product from a bad one, and saves nothing', async () => {
      const provider = await harness.simulate(slug, { keys });
      const before = await rowCounts();
      const secret = provider.keys.wrongProduct ?? '';
      expect(codesOf(await harness.connect(provider, { offering, label: 'foreign', secret }))).toEqual([
        tellsProduct ? 'UNSUPPORTED_OFFERING' : 'CREDENTIAL_REJECTED',
      ]);
      expect(await rowCounts()).toEqual(before);
    });
  }
});

describe('what an operator can put right', () => {
  let zai: SimulatedProvider;
  beforeAll(async () => {
    zai = await harness.simulate('zai');
  });
  beforeEach(() => zai.setFault(null));

  it.each<[string, Partial<ConnectionCreateInput>, string, string]>([
    ['an unknown provider', { provider: 'nobody' }, 'NOT_FOUND', 'provider'],
    ['an unknown offering', { offering: 'gold' }, 'UNSUPPORTED_OFFERING', 'offering'],
    ['an empty secret', { secret: '  ' }, 'REQUIRED', 'secret'],
    ['a secret with a line break', { secret: 'abc\r\nx-evil: 1' }, 'INVALID', 'secret'],
    ['an empty label', { label: ' ' }, 'REQUIRED', 'label'],
    ['an overlong label', { label: 'x'.repeat(101) }, 'OUT_OF_RANGE', 'label'],
    ['an unknown region', { region: 'moon' }, 'INVALID', 'region'],
    ['an unknown plan', { planCode: 'gold' }, 'INVALID', 'planCode'],
    ['a price that is no decimal', { monthlyPriceUsd: '18,50' }, 'INVALID', 'monthlyPriceUsd'],
    ['a negative price', { monthlyPriceUsd: '-1' }, 'OUT_OF_RANGE', 'monthlyPriceUsd'],
    ['an origin that is no URL', { baseUrl: 'not a url' }, 'INVALID', 'baseUrl'],
    ['a metadata address', { baseUrl: 'http://169.254.169.254/' }, 'INVALID', 'baseUrl'],
  ])('names %s and saves nothing', async (_, input, code, field) => {
    const before = await rowCounts();
    const result = await harness.connect(zai, { offering: 'coding-plan', label: 'wrong', ...input });
    expect(result).toMatchObject({ ok: false, userErrors: [{ code, field: ['input', field] }] });
    expect(await rowCounts()).toEqual(before);
  });

  it('asks for the offering when there are several, and lists them', async () => {
    const result = await harness.connect(zai, { label: 'which' });
    expect(codesOf(result)).toEqual(['UNSUPPORTED_OFFERING']);
    expect(result.ok || result.userErrors[0].message).toMatch(/coding-plan.*api/);
  });

  it('reports every problem at once', async () => {
    const result = await harness.connect(zai, {
      offering: 'coding-plan',
      label: '',
      secret: '',
      region: 'moon',
    });
    expect(codesOf(result)).toEqual(['REQUIRED', 'REQUIRED', 'INVALID']);
  });

  it.each([
    [
      'a bad key answered with HTTP 200',
      { code: 1000, msg: 'Authentication Failed', success: false },
      200,
      'CREDENTIAL_REJECTED',
    ],
    [
      'an account without the plan',
      { code: 500, msg: '当前用户不存在coding plan', success: false },
      200,
      'UNSUPPORTED_OFFERING',
    ],
    ['a provider in trouble', { error: { message: 'boom' } }, 503, 'UPSTREAM_UNAVAILABLE'],
  ])('tells %s apart and saves nothing', async (_, body, status, code) => {
    const before = await rowCounts();
    zai.setFault({ kind: 'status', status, body, on: 'account' });
    expect(codesOf(await harness.connect(zai, { offering: 'coding-plan', label: 'faulty' }))).toEqual([code]);
    expect(await rowCounts()).toEqual(before);
  });

  it('reports a host on which nothing listens as unavailable', async () => {
    const gone = await harness.simulate('zai');
    await gone.close();
    const result = await harness.connect(gone, { offering: 'coding-plan', label: 'gone' });
    expect(codesOf(result)).toEqual(['UPSTREAM_UNAVAILABLE']);
  });

  it('saves a good key whose allowance is used up, as degraded', async () => {
    zai.setFault({ kind: 'refuse', failure: 'weekly-wall', on: 'account' });
    const { connection } = valueOf(await harness.connect(zai, { offering: 'coding-plan', label: 'used up' }));
    expect(connection.health).toMatchObject({ state: 'DEGRADED', reason: 'QUOTA_EXHAUSTED' });
  });

  it('refuses a label that is taken, also by a concurrent call', async () => {
    const input = { offering: 'coding-plan', label: 'twice', discover: false };
    const results = await Promise.all([1, 2, 3].map(() => harness.connect(zai, input)));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    expect(results.flatMap(codesOf)).toEqual(['TAKEN', 'TAKEN']);
  });

  it('takes the monthly price from the plan unless one is given', async () => {
    const input = { offering: 'coding-plan', planCode: 'pro', discover: false };
    const { connection } = valueOf(await harness.connect(zai, { ...input, label: 'list price' }));
    expect(connection.monthlyPriceNanoUsd).toBe(80_000_000_000n);
    const own = valueOf(
      await harness.connect(zai, { ...input, label: 'own price', monthlyPriceUsd: '15.5' }),
    );
    expect(own.connection.monthlyPriceNanoUsd).toBe(15_500_000_000n);
  });

  it('saves without a call when told not to verify', async () => {
    zai.clearRequests();
    const input = {
      offering: 'coding-plan',
      label: 'unverified',
      secret: 'anything',
      verify: false,
      discover: false,
    };
    const { connection, discoveryRun } = valueOf(await harness.connect(zai, input));
    expect(connection.health.state).toBe('UNKNOWN');
    expect(discoveryRun).toBeNull();
    expect(zai.requests).toHaveLength(0);
  });

  it('needs the scope to change the configuration', async () => {
    const reader = contextOf(harness.context.actor.workspaceId, ['CONFIG_READ']);
    const input = { provider: 'zai', label: 'x', priority: 0, verify: false, discover: false };
    await expect(harness.admin.connections.create(reader, input)).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });
});

describe('idempotency keys', () => {
  it('make ten concurrent calls one connection and one run', async () => {
    const zai = await harness.simulate('zai');
    const input = { offering: 'coding-plan', label: 'idempotent', idempotencyKey: 'once' };
    const results = await Promise.all(Array.from({ length: 10 }, () => harness.connect(zai, input)));
    const values = results.map(valueOf);
    expect(new Set(values.map(({ connection }) => connection.id)).size).toBe(1);
    expect(new Set(values.map(({ discoveryRun }) => discoveryRun?.id)).size).toBe(1);
    const later = valueOf(await harness.connect(zai, input));
    expect(later.connection.id).toBe(values[0]?.connection.id);
  });

  it('refuse other arguments', async () => {
    const zai = await harness.simulate('zai');
    const input = { offering: 'coding-plan', label: 'mismatch', idempotencyKey: 'mismatch', discover: false };
    valueOf(await harness.connect(zai, input));
    const other = await harness.connect(zai, { ...input, label: 'other' });
    expect(codesOf(other)).toEqual(['IDEMPOTENCY_MISMATCH']);
  });
});

describe('private addresses', () => {
  it('are refused by rule unless the installation allows them', async () => {
    await using strict = await startHarness({ allowPrivateUpstreams: false });
    const zai = await strict.simulate('zai');
    const result = await strict.connect(zai, { offering: 'coding-plan' });
    expect(result).toMatchObject({
      ok: false,
      userErrors: [{ code: 'INVALID', field: ['input', 'baseUrl'] }],
    });
    expect(result.ok || result.userErrors[0].message).toContain('ALLOW_PRIVATE_UPSTREAMS');
  });
});

it('seals a secret to its row and workspace, so that it opens nowhere else', async () => {
  const zai = await harness.simulate('zai');
  const { connection } = valueOf(await harness.connect(zai, { offering: 'coding-plan', label: 'sealed' }));
  const { envelope } = await harness.database.prisma.sealedSecret.findUniqueOrThrow({
    where: { connectionId: connection.id },
  });
  const binding = {
    workspaceId: connection.workspaceId,
    subjectId: connection.id,
    purpose: 'connection.secret',
  };
  expect(harness.vault.open(envelope, binding)).toBe(zai.keys.good);
  expect(() => harness.vault.open(envelope, { ...binding, workspaceId: 'ws_other' })).toThrow();
  expect(() => harness.vault.open(envelope, { ...binding, subjectId: 'conn_other' })).toThrow();
});
