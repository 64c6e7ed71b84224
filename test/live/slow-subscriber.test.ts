/** A subscriber that stops reading costs nobody anything: the others hear everything at once, and memory is bounded. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { MAILBOX_CAPACITY } from '../../src/config/usage-limits.js';
import type { AdminServer } from '../../src/graphql/server.js';
import { commitUsage } from '../../src/persistence/usage.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { openSocket, type RawSocket } from '../support/socket.js';
import { ADMIN_TOKEN, startHarness, type Harness } from '../unit/admin/harness.js';
import { makeEvent } from '../unit/usage/events.js';

const EVENTS = 12_000;
const BATCH = 500;

let harness: Harness;
let server: AdminServer;
const sockets: RawSocket[] = [];

beforeAll(async () => {
  harness = await startHarness();
  server = await startTestAdminServer(harness);
});
afterAll(async () => {
  for (const { socket } of sockets) socket.terminate();
  await server.close();
  await harness[Symbol.asyncDispose]();
});

async function subscribe(filter: string): Promise<RawSocket> {
  const raw = await openSocket(server.url);
  sockets.push(raw);
  await raw.init(ADMIN_TOKEN);
  // Long messages fill the sockets soon.
  const fat = Array.from({ length: 24 }, (_, i) => `r${i}: requestedModel`).join(' ');
  raw.send({
    id: '1',
    type: 'subscribe',
    payload: {
      query: `subscription { usageRecorded(filter: ${filter}) { cursor droppedBefore event { id ${fat} } } }`,
    },
  });
  return raw;
}

test('the others hear every event, the slow one the latest and how many it lost', async () => {
  const { workspaceId } = harness.context.actor;
  const before = harness.bus.listeners('usage.arrived');
  const stuck = await subscribe('{}');
  const wide = await subscribe('{ tiers: ["none"] }');
  await vi.waitFor(() => expect(harness.bus.listeners('usage.arrived')).toBe(before + 2));
  stuck.socket.pause();

  const delays: number[] = [];
  for (let sent = 0; sent < EVENTS; sent += BATCH) {
    const batch = Array.from({ length: BATCH }, () => ({
      ...makeEvent({ workspaceId }),
      requestedModel: 'm'.repeat(300),
    }));
    const marked = { ...makeEvent({ workspaceId, tier: 'none' }), requestedModel: 'marked' };
    const stored = await commitUsage(harness.database, [...batch, marked]);
    const from = performance.now();
    harness.bus.publish('usage.arrived', { workspaceId, events: stored });
    const { payload } = await wide.next();
    delays.push(performance.now() - from);
    expect(payload.data.usageRecorded).toMatchObject({ droppedBefore: 0, event: { id: marked.id } });
  }
  // The middle one: a single delay also says what else the machine was busy with.
  expect(delays.toSorted((a, b) => a - b)[Math.floor(delays.length / 2)]).toBeLessThan(200);

  stuck.socket.resume();
  const total = EVENTS + EVENTS / BATCH;
  let heard = 0;
  let lost = 0;
  let afterLoss = 0;
  while (heard + lost < total) {
    const { payload } = await stuck.next();
    const { droppedBefore } = payload.data.usageRecorded;
    lost += droppedBefore;
    heard++;
    if (lost > 0) afterLoss++;
  }
  expect(heard + lost).toBe(total);
  expect(lost).toBeGreaterThan(total / 2);
  expect(afterLoss).toBeLessThanOrEqual(MAILBOX_CAPACITY);
  expect(server.live.dropped).toBe(lost);
});
