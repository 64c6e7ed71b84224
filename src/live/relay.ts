/**
 * Carries what happens on this node's bus to the other nodes, and what happens there to this bus. Usage itself never
 * travels: only the place that it has reached, from which every node reads it.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Logger } from '../observability/logger.js';
import type { Bus, Topics } from './bus.js';
import type { OpenSignals, Signals } from './signals.js';

/** Topics whose messages name what changed and hold nothing else. */
const RELAYED = ['config.changed', 'connection.health', 'quota.changed', 'discovery.progress'] as const;

export type RelayedTopic = (typeof RELAYED)[number];

const workspaceId = z.string();
const about = { workspaceId, connectionId: z.string() };
const topicMessage = z.discriminatedUnion('topic', [
  z.object({ topic: z.literal('config.changed'), message: z.object({ workspaceId }) }),
  z.object({ topic: z.literal('connection.health'), message: z.object(about) }),
  z.object({ topic: z.literal('quota.changed'), message: z.object(about) }),
  z.object({
    topic: z.literal('discovery.progress'),
    message: z.object({ workspaceId, runId: z.string(), resultId: z.string().nullable() }),
  }),
]);
const usageMessage = z.object({ usage: z.number().int().nonnegative() });
const envelope = z.object({ from: z.string(), body: z.union([topicMessage, usageMessage]) });

export interface RelayOptions {
  readonly bus: Bus;
  readonly logger: Logger;
  /** Ways for messages, the preferred one first; all are listened to, the first that works is spoken through. */
  readonly ways: readonly OpenSignals[];
  /** Another node has committed usage up to this place. */
  readonly usageReached: (seq: number) => void;
  /** Everything that missed messages could have been about, and a look at how far usage has got. */
  readonly recall: () => Promise<readonly RelayedMessage[]>;
}

/** What one node tells another, apart from usage. */
export type RelayedMessage = {
  [K in RelayedTopic]: { readonly topic: K; readonly message: Topics[K] };
}[RelayedTopic];

export interface Relay {
  readonly ways: readonly Signals[];
  /** Tells this node's subscribers of everything that may have changed without its hearing of it. */
  catchUp(): void;
  close(): Promise<void>;
}

export function createRelay({ bus, logger, ways, usageReached, recall }: RelayOptions): Relay {
  const self = randomUUID();
  /** Set while a message of another node is published here, so that it does not go back. */
  let repeating = false;
  let catchingUp = false;
  let again = false;
  let closed = false;

  const repeat = (messages: readonly RelayedMessage[]): void => {
    repeating = true;
    try {
      for (const message of messages) publish(bus, message);
    } finally {
      repeating = false;
    }
  };

  /** Once for all that is missed while it runs. A database that does not answer now is asked with the next occasion. */
  const catchUp = async (): Promise<void> => {
    again = true;
    if (catchingUp) return;
    catchingUp = true;
    while (again && !closed) {
      again = false;
      try {
        repeat(await recall());
      } catch (error) {
        logger.debug({ err: error }, 'what other nodes did could not be looked up');
      }
    }
    catchingUp = false;
  };
  const missed = (): void => void catchUp();

  const heard = (text: string): void => {
    const parsed = envelope.safeParse(parseJson(text));
    if (!parsed.success) {
      // A newer version may say more; what it means is in the database.
      logger.debug({ text }, 'a message of another node was not understood');
      missed();
      return;
    }
    const { from, body } = parsed.data;
    if (from === self) return;
    if ('usage' in body) {
      usageReached(body.usage);
      return;
    }
    repeat([body]);
  };

  const signals = ways.map((open) => open({ heard, missed }));
  const send = (body: unknown): void => {
    const text = JSON.stringify({ from: self, body });
    const ordered = [...signals.filter(({ connected }) => connected), ...signals];
    for (const way of ordered) if (way.send(text)) return;
  };
  const leave = RELAYED.map((topic) =>
    bus.subscribe(topic, (message) => {
      if (!repeating) send({ topic, message });
    }),
  );
  leave.push(
    bus.subscribe('usage.recorded', ({ events }) => {
      const last = events.at(-1);
      if (last) send({ usage: last.seq });
    }),
  );

  return {
    ways: signals,
    catchUp: missed,
    async close() {
      closed = true;
      for (const unsubscribe of leave) unsubscribe();
      await Promise.all(signals.map((way) => way.close()));
    },
  };
}

function publish(bus: Bus, body: RelayedMessage): void {
  switch (body.topic) {
    case 'config.changed':
      bus.publish(body.topic, body.message);
      break;
    case 'discovery.progress':
      bus.publish(body.topic, body.message);
      break;
    case 'connection.health':
    case 'quota.changed':
      bus.publish(body.topic, body.message);
      break;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
