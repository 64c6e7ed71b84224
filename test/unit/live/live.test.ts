/** Mailboxes and the bus: bounded, and no subscriber harms another. */
import { describe, expect, it } from 'vitest';
import { createBus } from '../../../src/live/bus.js';
import { createMailbox } from '../../../src/live/mailbox.js';
import { createLogger } from '../../../src/observability/logger.js';

describe('a mailbox', () => {
  it('delivers in order, and loses the oldest past its capacity, told once to the reader', async () => {
    let drops = 0;
    const mailbox = createMailbox<number>({ capacity: 2, onDrop: () => drops++ });
    for (const item of [1, 2, 3, 4]) mailbox.push(item);
    expect([mailbox.size, drops]).toEqual([2, 2]);
    mailbox.close();
    mailbox.push(5);
    const seen = [];
    for await (const delivery of mailbox) seen.push(delivery);
    expect(seen).toEqual([
      { item: 3, droppedBefore: 2 },
      { item: 4, droppedBefore: 0 },
    ]);
  });

  it('hands an item straight to a reader that waits', async () => {
    const mailbox = createMailbox<string | null>({ capacity: 1 });
    const next = mailbox.next();
    mailbox.push(null);
    expect(await next).toEqual({ done: false, value: { item: null, droppedBefore: 0 } });
    expect(mailbox.size).toBe(0);
  });

  it('ends a waiting reader at once when it returns, whoever ends it, and says so once', async () => {
    let ends = 0;
    const mailbox = createMailbox<number>({ capacity: 1, onEnd: () => ends++ });
    const next = mailbox.next();
    await mailbox.return?.();
    expect(await next).toEqual({ done: true, value: undefined });
    mailbox.close();
    await mailbox.return?.();
    expect(ends).toBe(1);
    expect((await mailbox.next()).done).toBe(true);
  });

  it('forgets what is queued when the reader returns', async () => {
    const mailbox = createMailbox<number>({ capacity: 5 });
    mailbox.push(1);
    await mailbox.return?.();
    expect(mailbox.size).toBe(0);
    expect((await mailbox.next()).done).toBe(true);
  });

  it('keeps only the latest of a state, without counting the others as lost', async () => {
    const mailbox = createMailbox<{ id: string; n: number }>({
      capacity: 2,
      supersedes: (queued, next) => queued.id === next.id,
    });
    for (let n = 0; n < 10; n++) mailbox.push({ id: n % 2 ? 'odd' : 'even', n });
    expect((await mailbox.next()).value).toEqual({ item: { id: 'even', n: 8 }, droppedBefore: 0 });
    expect((await mailbox.next()).value).toEqual({ item: { id: 'odd', n: 9 }, droppedBefore: 0 });
  });
});

describe('the bus', () => {
  const message = { workspaceId: 'ws_1' };
  it('reaches every listener though one throws, each subscription by itself', () => {
    const bus = createBus(createLogger({ level: 'silent', role: 'test' }));
    const seen: string[] = [];
    const listener = ({ workspaceId }: { workspaceId: string }): void => void seen.push(workspaceId);
    bus.subscribe('config.changed', () => {
      throw new Error('a listener broke');
    });
    const leave = bus.subscribe('config.changed', listener);
    bus.subscribe('config.changed', listener);
    bus.publish('config.changed', message);
    expect(seen).toEqual(['ws_1', 'ws_1']);
    leave();
    leave();
    expect(bus.listeners('config.changed')).toBe(2);
    bus.publish('config.changed', message);
    expect(seen).toHaveLength(3);
    expect(bus.listeners('connection.health')).toBe(0);
  });
});
