/** Word between nodes: the preferred way first, never back to where it came from, and what is missed is looked up. */
import { describe, expect, it } from 'vitest';
import { createBus, type Topics } from '../../../src/live/bus.js';
import { createRelay, type RelayedMessage } from '../../../src/live/relay.js';
import type { OpenSignals, SignalListener } from '../../../src/live/signals.js';
import { createLogger } from '../../../src/observability/logger.js';
import { until } from '../../support/wait.js';

const logger = createLogger({ level: 'silent', role: 'test' });
const about = { workspaceId: 'ws_1', connectionId: 'conn_1' };

interface Way {
  readonly sent: string[];
  connected: boolean;
  takes: boolean;
  listener: SignalListener | null;
  readonly open: OpenSignals;
}

/** A way whose messages go where a test takes them. */
function createWay(name: string): Way {
  const way: Way = {
    sent: [],
    connected: true,
    takes: true,
    listener: null,
    open(listener) {
      way.listener = listener;
      return {
        name,
        get connected() {
          return way.connected;
        },
        send(text) {
          if (way.takes) way.sent.push(text);
          return way.takes;
        },
        counts: { sent: 0, heard: 0, losses: 0 },
        close: () => Promise.resolve(),
      };
    },
  };
  return way;
}

function createNode(recall: () => Promise<readonly RelayedMessage[]> = () => Promise.resolve([])) {
  const bus = createBus(logger);
  const ways = [createWay('first'), createWay('second')] as const;
  const reached: number[] = [];
  const relay = createRelay({
    bus,
    logger,
    ways: ways.map(({ open }) => open),
    usageReached: (seq) => reached.push(seq),
    recall,
  });
  const heard: Topics['connection.health'][] = [];
  bus.subscribe('connection.health', (message) => heard.push(message));
  return { bus, ways, relay, reached, heard };
}

describe('a relay', () => {
  it('speaks through the first way that works', () => {
    const { bus, ways } = createNode();
    const [first, second] = ways;
    const speak = (): number[] => {
      bus.publish('config.changed', { workspaceId: 'ws_1' });
      return [first.sent.length, second.sent.length];
    };
    expect(speak()).toEqual([1, 0]);
    first.connected = false;
    expect(speak()).toEqual([1, 1]);
    // Nobody hears it on either, as far as is known; it is tried all the same.
    second.connected = false;
    expect(speak()).toEqual([2, 1]);
    first.takes = false;
    expect(speak()).toEqual([2, 2]);
  });

  it('repeats what another node says here, and not to the others', () => {
    const [a, b] = [createNode(), createNode()];
    a.bus.publish('connection.health', about);
    const [text = ''] = a.ways[0].sent;
    b.ways[1].listener?.heard(text);
    expect(b.heard).toEqual([about]);
    expect(b.ways.flatMap(({ sent }) => sent)).toEqual([]);
    // Its own words come back to it as well.
    a.ways[0].listener?.heard(text);
    expect(a.heard).toEqual([about]);
  });

  it('tells of usage by its last place alone', () => {
    const [a, b] = [createNode(), createNode()];
    const events = [{ seq: 7 }, { seq: 9 }] as unknown as Topics['usage.recorded']['events'];
    a.bus.publish('usage.recorded', { workspaceId: 'ws_1', events });
    const [text = ''] = a.ways[0].sent;
    expect(JSON.parse(text).body).toEqual({ usage: 9 });
    b.ways[0].listener?.heard(text);
    expect([a.reached, b.reached]).toEqual([[], [9]]);
  });

  it.each(['', 'null', '{"from":"x","body":{"topic":"tier.renamed","message":{}}}'])(
    'looks everything up when it does not understand %j',
    async (text) => {
      const node = createNode(() => Promise.resolve([{ topic: 'connection.health', message: about }]));
      node.ways[0].listener?.heard(text);
      await until('it was looked up', () => node.heard.length === 1);
      expect(node.ways[0].sent).toEqual([]);
    },
  );

  it('looks things up once for all that is missed meanwhile, and again after a failure', async () => {
    let asked = 0;
    let answer: () => void = () => undefined;
    const node = createNode(async () => {
      asked++;
      await new Promise<void>((resolve) => (answer = resolve));
      if (asked === 1) throw new Error('away');
      return [{ topic: 'connection.health', message: about }];
    });
    for (let i = 0; i < 5; i++) node.relay.catchUp();
    expect(asked).toBe(1);
    answer();
    await until('it asks once more', () => asked === 2);
    answer();
    await until('the answer is told', () => node.heard.length === 1);
    expect(asked).toBe(2);
    await node.relay.close();
  });
});
