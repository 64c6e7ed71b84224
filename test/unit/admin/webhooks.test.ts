import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchLimits } from '../../../src/admin/alerts/watch-limits.js';
import { deliverWebhooks } from '../../../src/admin/webhooks/deliver.js';
import type { Clock } from '../../../src/domain/clock.js';
import { createHttpGet } from '../../../src/upstream/http-get.js';
import { quietLogger } from '../../support/database.js';
import { commitUsage } from '../../../src/persistence/usage.js';
import { makeEvent } from '../usage/events.js';
import { codesOf, startHarness, valueOf, type Harness } from './harness.js';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function startReceiver() {
  const received: Received[] = [];
  const statuses: number[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ headers: request.headers, body });
      const status = statuses.shift() ?? 204;
      response.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:1/' } : {}).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    received,
    statuses,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?to=team`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

let harness: Harness;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
let offset = 0;
const http = createHttpGet({ allowPrivateUpstreams: true, userAgent: 'switchyard-test' });
const guarded = createHttpGet({ allowPrivateUpstreams: false, userAgent: 'switchyard-test' });
beforeAll(async () => {
  [harness, receiver] = await Promise.all([startHarness(), startReceiver()]);
});
afterAll(async () => {
  await http.close();
  await guarded.close();
  await receiver.close();
  await harness[Symbol.asyncDispose]();
});

function deliverer(client = http) {
  const clock: Clock = { ...harness.clock, now: () => harness.clock.now() + offset };
  const { database, bus, vault } = harness;
  return deliverWebhooks({
    database,
    bus,
    clock,
    logger: quietLogger,
    vault,
    http: client,
    checkEveryMs: 3_600_000,
  });
}

describe('a webhook', () => {
  it('is sent alerts as they fire and resolve, signed with a secret that is shown once and sealed at rest', async () => {
    const { admin, context, database } = harness;
    const made = valueOf(await admin.webhooks.create(context, { name: 'team', url: receiver.url }));
    expect(made.secret).toMatch(/^whsec_[\w-]{43}$/);
    const stored = JSON.stringify([
      await database.prisma.webhook.findMany(),
      await database.prisma.auditEntry.findMany(),
    ]);
    expect(stored).not.toContain(made.secret);
    expect(JSON.stringify(await database.prisma.auditEntry.findMany())).not.toContain('to=team');

    const deliveries = deliverer();
    const watch = watchLimits({ ...harness, logger: quietLogger });
    await database.prisma.connection.deleteMany({});
    const limit = valueOf(
      await admin.limits.create(context, {
        name: 'failures',
        metric: 'REQUESTS',
        window: 'DAY',
        threshold: '1',
        action: 'NOTIFY',
      }),
    );
    const { workspaceId } = context.actor;
    await commitUsage(database, [makeEvent({ at: Date.now(), workspaceId })]);
    await watch.look(workspaceId);
    await database.prisma.usageRollup.deleteMany({});
    await watch.look(workspaceId);
    await deliveries.send();
    const bodies = receiver.received.map(({ body }) => JSON.parse(body));
    expect(bodies.map(({ type }) => type).toSorted()).toEqual(['alert.fired', 'alert.resolved']);
    expect(bodies[0]).toMatchObject({
      workspaceId,
      limit: { id: limit.id, name: 'failures', threshold: '1' },
    });
    for (const { headers, body } of receiver.received) {
      const [, seconds, signature] =
        /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-switchyard-signature'])) ?? [];
      const expected = createHmac('sha256', made.secret).update(`${seconds}.${body}`).digest('hex');
      expect(signature).toBe(expected);
      expect(Math.abs(Number(seconds) * 1_000 - Date.now())).toBeLessThan(60_000);
      expect(headers['x-switchyard-delivery']).toBe(JSON.parse(body).id);
    }
    expect(await admin.webhooks.deliveries(context, made.webhook.id, 10)).toMatchObject([
      { state: 'DELIVERED', attempts: 1, httpStatus: 204, message: null },
      { state: 'DELIVERED', attempts: 1, httpStatus: 204, message: null },
    ]);
    await watch.close();
    await deliveries.close();
    await admin.webhooks.remove(context, made.webhook.id);
  });

  it('is tried again after growing pauses, follows no redirect, and is given up in the end', async () => {
    const { admin, context } = harness;
    const { webhook } = valueOf(await admin.webhooks.create(context, { name: 'bad', url: receiver.url }));
    const deliveries = deliverer();
    const before = receiver.received.length;
    receiver.statuses.push(500, 302);
    valueOf(await admin.webhooks.test(context, webhook.id));
    const latest = async () => (await admin.webhooks.deliveries(context, webhook.id, 1))[0];
    await deliveries.send();
    expect(await latest()).toMatchObject({ state: 'PENDING', attempts: 1, httpStatus: 500 });
    await deliveries.send();
    expect(receiver.received.length - before, 'not before its pause is over').toBe(1);
    offset += 5_000;
    await deliveries.send();
    expect(await latest()).toMatchObject({ state: 'PENDING', attempts: 2, httpStatus: 302 });
    receiver.statuses.push(...Array.from({ length: 20 }, () => 503));
    for (let tries = 0; tries < 20; tries++) {
      offset += 12 * 3_600_000;
      await deliveries.send();
    }
    expect(await latest()).toMatchObject({
      state: 'FAILED',
      attempts: 12,
      message: 'It answered with status 503.',
    });
    expect(receiver.received.length - before).toBe(12);
    await deliveries.close();
    await admin.webhooks.remove(context, webhook.id);
  });

  it('never reaches an address the policy forbids, though it may be stored', async () => {
    const { admin, context } = harness;
    const { webhook } = valueOf(await admin.webhooks.create(context, { name: 'inner', url: receiver.url }));
    const before = receiver.received.length;
    valueOf(await admin.webhooks.test(context, webhook.id));
    const deliveries = deliverer(guarded);
    await deliveries.send();
    expect(receiver.received.length).toBe(before);
    const [delivery] = await admin.webhooks.deliveries(context, webhook.id, 1);
    expect(delivery).toMatchObject({ state: 'PENDING', httpStatus: null });
    expect(delivery?.message).toContain('private or loopback');
    await deliveries.close();
  });

  it.each([
    ['http to the internet', 'http://hooks.example.com/'],
    ['a metadata service', 'https://169.254.169.254/latest'],
    ['another scheme', 'ftp://example.com/'],
    ['a password', 'https://me:secret@example.com/'],
    ['no URL', 'hooks'],
  ])('is refused with %s', async (_, url) => {
    const { admin, context } = harness;
    const before = await admin.webhooks.list(context);
    expect(codesOf(await admin.webhooks.create(context, { name: 'x', url }))).toEqual(['INVALID']);
    expect(await admin.webhooks.list(context)).toEqual(before);
  });
});
