/** A node in one process: the operator's use cases, and gateways that work on what these publish. */
import { createSnapshotPublisher } from '../../src/admin/snapshot-publisher.js';
import { createCooldownRelay } from '../../src/app/cooldown-relay.js';
import type { RoutingSnapshot } from '../../src/routing/snapshot.js';
import { createProviderCallBuilder } from '../../src/gateway/provider-call.js';
import { startGateway } from '../../src/gateway/server.js';
import { createUpstreamClient } from '../../src/gateway/upstream-client.js';
import type { EndRecord, JournalRecord } from '../../src/journal/record.js';
import { createCooldownBook } from '../../src/routing/cooldown-book.js';
import { compileTable, type RoutingTable } from '../../src/routing/table.js';
import { createCooldownKeeper } from '../../src/usage/cooldown-keeper.js';
import type { Harness } from '../unit/admin/harness.js';
import { quietLogger } from './database.js';
import { memoryJournal } from './gateway.js';
import { plainRequest, type PlainAnswer } from './http-client.js';

export interface LiveNode extends AsyncDisposable {
  readonly urls: readonly string[];
  readonly snapshot: RoutingSnapshot;
  /** Requests that ended, over all of its gateways. */
  readonly ends: readonly EndRecord[];
  /** Brings what changed into force now, instead of within a second. */
  publish(): Promise<void>;
  /** One request of a conversation of its own, unless headers say otherwise. */
  ask(key: string, body: object, options?: { gateway?: number; session?: string }): Promise<PlainAnswer>;
}

export async function startLiveNode(harness: Harness, gatewayCount = 1): Promise<LiveNode> {
  const { bus, clock, database, vault } = harness;
  const records: JournalRecord[] = [];
  let table: RoutingTable | null = null;
  let conversations = 0;
  const relay = createCooldownRelay();
  const keeper = createCooldownKeeper({ database, bus, clock, logger: quietLogger, sweepMs: 50 });
  const upstream = createUpstreamClient({ allowPrivate: true });
  const books = Array.from({ length: gatewayCount }, (_, index) =>
    createCooldownBook({
      clock,
      onChange(change) {
        if (!relay.take(change)) return;
        for (const [other, book] of books.entries()) if (other !== index) book.learn(change);
        keeper.note(change);
      },
    }),
  );
  const publisher = createSnapshotPublisher({
    database,
    bus,
    clock,
    logger: quietLogger,
    write(snapshot) {
      table = compileTable(snapshot);
      for (const book of books) book.restore(table.connections);
      return Promise.resolve();
    },
  });
  await publisher.publish();
  const gateways = await Promise.all(
    books.map((cooldowns) =>
      startGateway(
        {
          state: { table: () => table, refresh: () => Promise.resolve(), close: () => undefined },
          journal: memoryJournal(records),
          upstream,
          calls: createProviderCallBuilder(vault),
          cooldowns,
          clock,
          logger: quietLogger,
        },
        { host: '127.0.0.1', port: 0 },
      ),
    ),
  );
  const urls = gateways.map(({ port }) => `http://127.0.0.1:${port}`);
  return {
    urls,
    get snapshot() {
      const snapshot = publisher.current();
      if (!snapshot) throw new Error('nothing was published');
      return snapshot;
    },
    get ends() {
      return records.flatMap((record) => (record.kind === 'end' ? [record] : []));
    },
    async publish() {
      await publisher.publish();
    },
    ask: (key, body, { gateway = 0, session = `conversation-${++conversations}` } = {}) =>
      plainRequest(`${urls[gateway]}/v1/chat/completions`, {
        headers: { authorization: `Bearer ${key}`, 'x-session-id': session },
        body: { messages: [{ role: 'user', content: 'Say something. [say something]' }], ...body },
      }),
    async [Symbol.asyncDispose]() {
      for (const gateway of gateways) await gateway.drain(0);
      await upstream.close();
      await publisher.close();
      await keeper.close();
    },
  };
}
