/**
 * Follows usage across every break, each time from the last cursor it has, and from nowhere else. When it is told that it
 * was too slow for some events, it goes back to the last one before them.
 */
import { EVENT_FIELDS, follow, liveClient } from '../../support/operator.js';
import type { Switchyard } from '../../support/switchyard.js';
import { until } from '../../support/wait.js';

const FOLLOWED_MAX_MS = 24 * 3_600_000;

export interface Subscriber {
  /** What it was told, by id, in order. */
  readonly events: ReadonlyMap<string, any>;
  /** Events that it was told again, which must not be. */
  readonly repeated: number;
  /** How often it came back, after a break or for what it was too slow for. */
  readonly resumed: number;
  readonly listening: Promise<unknown>;
  heard(count: number): Promise<unknown>;
  stop(): Promise<void>;
}

export function startSubscriber(program: () => Switchyard): Subscriber {
  const events = new Map<string, any>();
  let cursor: string | null = null;
  let stopped = false;
  let sockets = 0;
  let repeated = 0;
  const run = async (): Promise<void> => {
    while (!stopped) {
      const client = liveClient(program());
      client.on('connected', () => sockets++);
      const followed = follow(
        client,
        `subscription ($after: String) {
          usageRecorded(after: $after) { cursor droppedBefore event { ${EVENT_FIELDS} } } }`,
        { after: cursor },
      );
      let over = false;
      let dropped = false;
      let taken = 0;
      const take = (): void => {
        for (; taken < followed.messages.length && !dropped; taken++) {
          const { usageRecorded } = followed.messages[taken];
          dropped = usageRecorded.droppedBefore > 0;
          if (dropped) return;
          ({ cursor } = usageRecorded);
          if (events.has(usageRecorded.event.id)) repeated++;
          events.set(usageRecorded.event.id, usageRecorded.event);
        }
      };
      const end = (): void => void (over = true);
      void followed.completed.then(end, end);
      await until('the subscription ends', () => (take(), over || dropped || stopped), FOLLOWED_MAX_MS);
      // What came last before the break.
      take();
      followed.stop();
      await client.dispose();
    }
  };
  const running = run();
  return {
    events,
    get repeated() {
      return repeated;
    },
    get resumed() {
      return Math.max(sockets - 1, 0);
    },
    listening: until('the subscriber is connected', () => sockets > 0),
    heard: (count) => until(`${count} events were heard`, () => events.size >= count),
    async stop() {
      stopped = true;
      await running;
    },
  };
}
