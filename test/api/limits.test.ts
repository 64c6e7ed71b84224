/** Keys, budgets and limits of the whole program: set over GraphQL, in force at the gateway, exact over crashes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, follow, liveClient } from '../support/operator.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';
import { redisIsInstalled, startRedis, type RedisServer } from '../support/redis-server.js';
import { createInstallation, type Installation, type Switchyard } from '../support/switchyard.js';
import { until } from '../support/wait.js';

const KEY = `id state preview tags maxConcurrency requestsPerMinute tokensPerMinute expiresAt
  budget { limitUsd window spentUsd resetsAt }`;
const LIMIT = `id name metric window threshold action current lastFiredAt
  filter { provider { slug } connection { id } accessKey { id } tier { slug } }`;

describe.each([false, true])('limits', { timeout: 120_000 }, (shared) => {
  describe.skipIf(shared && !redisIsInstalled)(shared ? 'shared through Redis' : 'within a node', () => {
    let redis: RedisServer | null = null;
    let zai: SimulatedProvider;
    let installation: Installation;
    let program: Switchyard;
    beforeAll(async () => {
      zai = await startSimulatedProvider('zai');
      redis = shared ? await startRedis() : null;
      installation = await createInstallation({
        GATEWAY_WORKERS: '2',
        ...(redis && { REDIS_URL: redis.url }),
      });
      program = await installation.start();
      await connect(program, zai, 'api');
    }, 90_000);
    afterAll(async () => {
      await installation?.[Symbol.asyncDispose]();
      await zai?.close();
      await redis?.[Symbol.asyncDispose]();
    });

    const mutate = async (
      field: string,
      signature: string,
      args: string,
      variables: object,
      body: string,
    ) => {
      const data = await program.api.data(
        `mutation (${signature}) { ${field}(${args}) { ${body} userErrors { code field } } }`,
        variables as Record<string, unknown>,
      );
      expect(data[field].userErrors).toEqual([]);
      return data[field];
    };
    const makeKey = (input: object) =>
      mutate(
        'accessKeyCreate',
        '$input: AccessKeyCreateInput!',
        'input: $input',
        { input: { name: 'agent', ...input } },
        `plaintext accessKey { ${KEY} }`,
      );
    const chat = (key: string, content = 'hello', more: object = {}): Promise<Response> =>
      fetch(`${program.gatewayUrl}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'zai/glm-5.1', messages: [{ role: 'user', content }], ...more }),
      });
    const statusesOf = async (count: number, key: string): Promise<number[]> => {
      const answers = await Promise.all(Array.from({ length: count }, () => chat(key)));
      await Promise.all(answers.map((answer) => answer.text()));
      return answers.map(({ status }) => status);
    };

    it('let both plaintexts of a rotated key work until the grace is over, and no longer', async () => {
      const { plaintext: old, accessKey } = await makeKey({});
      const rotate = (seconds: number) =>
        mutate(
          'accessKeyRotate',
          '$id: ID!, $input: AccessKeyRotateInput',
          'id: $id, input: $input',
          { id: accessKey.id, input: { gracePeriodSeconds: seconds } },
          'plaintext previousValidUntil accessKey { state }',
        );
      const rotated = await rotate(60);
      expect(rotated.accessKey.state).toBe('ROTATING');
      expect([(await chat(old)).status, (await chat(rotated.plaintext)).status]).toEqual([200, 200]);
      const last = await rotate(0);
      expect((await chat(last.plaintext)).status).toBe(200);
      expect((await chat(rotated.plaintext)).status).toBe(401);
      expect((await chat(old)).status).toBe(401);
    });

    it('stop a revoked key at once on every gateway process, and one that expires on time', async () => {
      const twentyOf = async (key: string): Promise<number[]> => [...new Set(await statusesOf(20, key))];
      const { plaintext, accessKey } = await makeKey({});
      expect(await twentyOf(plaintext)).toEqual([200]);
      const revoked = await mutate(
        'accessKeyRevoke',
        '$id: ID!',
        'id: $id',
        { id: accessKey.id },
        'accessKey { state }',
      );
      expect(revoked.accessKey.state).toBe('REVOKED');
      expect(await twentyOf(plaintext)).toEqual([401]);
      const expiresAt = Date.now() + 2_000;
      const brief = await makeKey({ expiresAt: new Date(expiresAt).toISOString() });
      expect(await twentyOf(brief.plaintext)).toEqual([200]);
      await until('it has expired', async () => (await chat(brief.plaintext)).status === 401);
      expect(Date.now()).toBeGreaterThanOrEqual(expiresAt);
    });

    it('send requests without a model to the default tier of their key, and to no tier it may not use', async () => {
      const { routingTiers } = await program.api.data('{ routingTiers { id slug } }');
      const tierId = (slug: string): string => routingTiers.find((tier: any) => tier.slug === slug).id;
      const { plaintext } = await makeKey({
        allowedTierIds: [tierId('complex')],
        defaultTierId: tierId('complex'),
      });
      const ask = (model?: string) => chat(plaintext, 'hi', { model });
      const answer = await ask();
      expect([answer.status, answer.headers.get('x-switchyard-tier')]).toEqual([200, 'complex']);
      const model = answer.headers.get('x-switchyard-model');
      expect(zai.requests.at(-1)?.body).toMatchObject({ model: model?.replace('zai/', '') });
      expect((await ask('simple')).status).toBe(403);
    });

    it('take a change of a key into force before it is answered', async () => {
      const { plaintext, accessKey } = await makeKey({ requestsPerMinute: 1 });
      expect(await statusesOf(2, plaintext)).toHaveLength(2);
      expect((await chat(plaintext)).status).toBe(429);
      const change = (input: object) =>
        mutate(
          'accessKeyUpdate',
          '$id: ID!, $input: AccessKeyUpdateInput!',
          'id: $id, input: $input',
          { id: accessKey.id, input },
          `accessKey { ${KEY} }`,
        );
      const changed = await change({ requestsPerMinute: null, tags: ['a'] });
      expect(changed.accessKey).toMatchObject({ requestsPerMinute: null, tags: ['a'] });
      expect((await chat(plaintext)).status).toBe(200);
      await change({ allowedModels: ['zai/another'] });
      expect((await chat(plaintext)).status).toBe(403);
    });

    it('let exactly five of twenty requests over two gateway processes through a budget of five, also after crashes', async () => {
      const probe = await makeKey({ budget: { limitUsd: '1', window: 'MONTH' } });
      expect((await chat(probe.plaintext, 'hello')).status).toBe(200);
      const spentOf = async (id: string): Promise<any> => {
        const { node } = await program.api.data(
          `query ($id: ID!) { node(id: $id) { ... on AccessKey { ${KEY} } } }`,
          { id },
        );
        return node;
      };
      const cost = await until('the cost is recorded', async () => {
        const { budget } = await spentOf(probe.accessKey.id);
        return Number(budget.spentUsd) > 0 && Number(budget.spentUsd);
      });
      const { plaintext, accessKey } = await makeKey({
        budget: { limitUsd: (5 * cost).toFixed(9), window: 'MONTH' },
      });
      const statuses = await statusesOf(20, plaintext);
      expect(statuses.filter((status) => status === 200)).toHaveLength(5);
      const suspended = await until('the key is suspended', async () => {
        const key = await spentOf(accessKey.id);
        return key.state === 'SUSPENDED' && key;
      });
      expect(Number(suspended.budget.spentUsd)).toBeCloseTo(5 * cost, 9);

      await program.kill9('gateway');
      await until('the gateway is back', () =>
        chat(plaintext).then(
          ({ status }) => status === 429,
          () => false,
        ),
      );
      // Everything that counted is gone now; what is recorded says the same.
      await program.kill9('supervisor');
      program = await installation.start();
      expect(await statusesOf(6, plaintext)).toEqual(Array.from({ length: 6 }, () => 429));
    });

    it('give back what a dead gateway had set aside, and count what its request had used', async () => {
      const { plaintext, accessKey } = await makeKey({ maxConcurrency: 1 });
      const endless = await chat(plaintext, '[frames 10000 every 10ms]', { stream: true });
      expect((await chat(plaintext)).status).toBe(429);
      const gone = endless.text().catch(() => 'cut');
      for (let killed = 0; killed < 2; killed++) {
        await program.kill9('gateway');
        await until('a gateway serves', () =>
          chat(plaintext).then(
            ({ status }) => status > 0,
            () => false,
          ),
        );
      }
      expect(await gone).toBe('cut');
      await until('the place is free', async () => (await chat(plaintext)).status === 200, 20_000);
      expect(accessKey.id).toBeTruthy();
    });

    it('block past a number of requests, raise an alert that is told live, and let through again once raised', async () => {
      const { plaintext, accessKey } = await makeKey({});
      const client = liveClient(program);
      const alerts = follow(client, 'subscription { alertChanged { id message resolvedAt limit { name } } }');
      const input = {
        name: 'three',
        metric: 'REQUESTS',
        window: 'DAY',
        threshold: '3',
        action: 'BLOCK',
        accessKeyId: accessKey.id,
      };
      const { usageLimit } = await mutate(
        'usageLimitCreate',
        '$input: UsageLimitCreateInput!',
        'input: $input',
        { input },
        `usageLimit { ${LIMIT} }`,
      );
      expect(usageLimit).toMatchObject({
        threshold: '3',
        current: '0',
        filter: { accessKey: { id: accessKey.id } },
      });
      const statuses = await statusesOf(12, plaintext);
      expect(statuses.filter((status) => status === 200)).toHaveLength(3);
      const fired = await alerts.find(({ alertChanged }) => alertChanged.resolvedAt === null && alertChanged);
      expect(fired).toMatchObject({ limit: { name: 'three' } });
      const { node, alerts: listed } = await program.api.data(
        `query ($id: ID!) { node(id: $id) { ... on UsageLimit { ${LIMIT} } }
        alerts(unresolvedOnly: true) { nodes { id value acknowledgedBy { name } } } }`,
        { id: usageLimit.id },
      );
      expect(node).toMatchObject({ current: '3', lastFiredAt: expect.any(String) });
      expect(listed.nodes).toEqual([{ id: (fired as any).id, value: '3', acknowledgedBy: null }]);
      await mutate(
        'usageLimitUpdate',
        '$id: ID!, $input: UsageLimitUpdateInput!',
        'id: $id, input: $input',
        { id: usageLimit.id, input: { threshold: '4' } },
        'usageLimit { id }',
      );
      const again = await statusesOf(3, plaintext);
      expect(again.filter((status) => status === 200)).toHaveLength(1);
      await mutate('usageLimitDelete', '$id: ID!', 'id: $id', { id: usageLimit.id }, 'deletedId');
      expect((await chat(plaintext)).status).toBe(200);
      await client.dispose();
    });
  });
});
