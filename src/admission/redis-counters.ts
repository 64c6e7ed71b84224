/** Counters that all nodes share through Redis: each step is one script there, so that counts are exact across them. */
import { Redis } from 'ioredis';
import {
  ADMISSION_ANSWER_TIMEOUT_MS,
  ADMISSION_LEASE_MS,
  ADMISSION_UNSENT_MAX,
} from '../config/admission-limits.js';
import type { Logger } from '../observability/logger.js';
import {
  nameOf,
  type Answer,
  type Bound,
  type Counter,
  type Counters,
  type Reservation,
  type Seed,
  type Settlement,
  type Unseeded,
} from './counter.js';
import { RELEASE, RENEW, RESERVE, SEED, SETTLE, type Script } from './redis-scripts.js';

export interface RedisCountersOptions {
  readonly url: string;
  /** Who sets aside here, different for every process ever started: what it set aside lapses when it dies. */
  readonly owner: string;
  readonly logger: Logger;
  /** Called with counters that need to know what was used before them. */
  readonly onUnseeded?: (unseeded: readonly Unseeded[]) => void;
  readonly leaseMs?: number;
}

export interface RedisCounters extends Counters {
  /** Counts a request that was admitted elsewhere while Redis was away. Never fails. */
  adopt(settlement: Settlement): void;
  /** Adds what was used before a counter was kept; a second time it changes nothing. */
  seed(seeds: readonly Seed[]): void;
  /** Lets go of what was set aside, and leaves. */
  close(): Promise<void>;
}

/** One hash slot, so that a script may touch all of its keys in a cluster as well. */
const PREFIX = '{switchyard}:';

const ASK_AGAIN_MS = 500;

type ScriptAnswer =
  | Exclude<Answer, { kind: 'UNSEEDED' | 'RESERVED' }>
  | { readonly kind: 'RESERVED'; readonly at: number }
  | UnseededAnswer;

interface UnseededAnswer {
  readonly kind: 'UNSEEDED';
  readonly waiting: readonly { readonly place: number; readonly since: number }[];
}

export function openRedisCounters(options: RedisCountersOptions): RedisCounters {
  const { url, owner, logger, onUnseeded, leaseMs = ADMISSION_LEASE_MS } = options;
  const client = new Redis(url, {
    connectionName: 'switchyard-counters',
    connectTimeout: ADMISSION_ANSWER_TIMEOUT_MS,
    commandTimeout: ADMISSION_ANSWER_TIMEOUT_MS,
    // What cannot be asked now is counted another way.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
  });
  client.on('error', (error: Error) => logger.debug({ err: error }, 'Redis'));
  const ready = new Promise<void>((resolve) => {
    client.once('ready', resolve);
    client.once('close', resolve);
  });
  /** What requests of this process set aside, and when they were admitted. */
  const open = new Map<string, { readonly at: number; readonly bounds: readonly Bound[] }>();
  /** What Redis was told and did not confirm, oldest first. Said twice it counts once. */
  const unsent = new Map<string, () => Promise<unknown>>();
  /** When each counter was asked about last, by the name of the counter. */
  const asked = new Map<string, number>();
  const run = async ({ text, sha1 }: Script, ...args: string[]): Promise<unknown> => {
    await ready;
    try {
      return await client.evalsha(sha1, 1, PREFIX, PREFIX, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return client.eval(text, 1, PREFIX, PREFIX, ...args);
    }
  };
  const tell = (what: string, send: () => Promise<unknown>): void => {
    unsent.delete(what);
    send().catch((error: unknown) => {
      unheard(error);
      unsent.set(what, send);
      const [oldest] = unsent.keys();
      if (unsent.size > ADMISSION_UNSENT_MAX && oldest !== undefined) unsent.delete(oldest);
    });
  };
  const tellAgain = (): void => {
    // What fails again joins the end.
    const again = [...unsent];
    for (const [what, send] of again) tell(what, send);
  };
  client.on('ready', tellAgain);
  /** Requests that wait ask again and again; who looks it up is asked once in a while. */
  const isNews = (name: string): boolean => {
    const now = performance.now();
    for (const [known, at] of asked) if (now - at >= ASK_AGAIN_MS) asked.delete(known);
    if (asked.has(name)) return false;
    asked.set(name, now);
    return true;
  };
  const unheard = (error: unknown): void => logger.warn({ err: error }, 'Redis did not take a count');
  const renewal = setInterval(() => {
    if (open.size > 0) run(RENEW, owner, String(leaseMs)).catch(unheard);
    if (client.status === 'ready') tellAgain();
  }, leaseMs / 3);
  renewal.unref();

  /** `known`: how its admission is known. */
  const settle = ({ id, at, amounts }: Settlement, aside: readonly Bound[], known: string): void => {
    const used = JSON.stringify(amounts.map(({ counter, amount }) => ({ ...wireOf(counter), amount })));
    const bounds = JSON.stringify(aside.map(({ counter, amount }) => ({ name: nameOf(counter), amount })));
    tell(`${known} ${id}`, () => run(SETTLE, id, String(at), used, bounds, known));
  };

  return {
    async reserve({ id, bounds, unseeded }: Reservation) {
      const given = bounds.map(({ counter, max, amount }) => ({ ...wireOf(counter), max, amount }));
      const go = unseeded ? '1' : '0';
      const text = await run(RESERVE, owner, String(leaseMs), id, go, JSON.stringify(given)).catch(
        (error: unknown) => {
          // It may have been done without the answer getting here.
          if (!open.has(id)) settle({ id, at: 0, amounts: [] }, bounds, '0');
          throw error;
        },
      );
      const answer = JSON.parse(String(text)) as ScriptAnswer;
      if (answer.kind === 'RESERVED') {
        const before = open.get(id) ?? { at: answer.at, bounds: [] };
        open.set(id, { at: before.at, bounds: [...before.bounds, ...bounds] });
        return { kind: 'RESERVED' };
      }
      if (answer.kind !== 'UNSEEDED') return answer;
      const waiting = answer.waiting.flatMap(({ place, since }) => {
        const counter = bounds[place]?.counter;
        return counter?.kind === 'WINDOW' && isNews(nameOf(counter)) ? [{ counter, since }] : [];
      });
      if (waiting.length > 0) onUnseeded?.(waiting);
      return { kind: 'UNSEEDED' };
    },
    settle(settlement) {
      const admitted = open.get(settlement.id);
      open.delete(settlement.id);
      settle(settlement, admitted?.bounds ?? [], admitted ? String(admitted.at) : 'found');
    },
    adopt: (settlement) => settle(settlement, [], 'elsewhere'),
    seed(seeds) {
      for (const { counter, amount } of seeds) run(SEED, nameOf(counter), String(amount)).catch(unheard);
    },
    async close() {
      clearInterval(renewal);
      await run(RELEASE, owner).catch(unheard);
      client.disconnect();
    },
  };
}

function wireOf(counter: Counter) {
  const { kind } = counter;
  return { name: nameOf(counter), kind, ...(kind === 'WINDOW' && { to: counter.to }) };
}
