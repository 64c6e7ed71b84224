/** Messages between nodes through Redis: the quickest way. Redis that is away delays nothing and fails nothing. */
import { Redis, type RedisOptions } from 'ioredis';
import { RECONNECT_BACK_OFF, REDIS_ANSWER_TIMEOUT_MS, SIGNAL_PING_MS } from '../config/limits.js';
import { backOffMs } from '../domain/back-off.js';
import type { Logger } from '../observability/logger.js';
import type { SignalListener, Signals } from './signals.js';

export interface RedisSignalsOptions {
  readonly url: string;
  /** Shared by the nodes of one installation and by nobody else, as a Redis may serve several. */
  readonly channel: string;
  readonly listener: SignalListener;
  readonly logger: Logger;
}

/** Connects in the background, again and again. */
export function openRedisSignals({ url, channel, listener, logger }: RedisSignalsOptions): Signals {
  let sent = 0;
  let heard = 0;
  let losses = 0;
  let subscribed = false;
  /** Whether the log knows that it is away. */
  let told = false;
  let closed = false;

  const options: RedisOptions = {
    connectionName: 'switchyard',
    connectTimeout: REDIS_ANSWER_TIMEOUT_MS,
    commandTimeout: REDIS_ANSWER_TIMEOUT_MS,
    // Nothing waits for Redis to come back: what cannot be sent now goes another way.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    retryStrategy: (attempt) => backOffMs(attempt, RECONNECT_BACK_OFF),
  };
  const publisher = new Redis(url, options);
  const subscriber = new Redis(url, options);

  for (const client of [publisher, subscriber]) {
    client.on('error', (error: Error) => logger.debug({ err: error }, 'Redis'));
  }
  const lost = (): void => {
    if (subscribed) losses++;
    subscribed = false;
    if (told || closed) return;
    told = true;
    logger.warn('Redis does not answer; nodes hear of each other through Postgres meanwhile');
  };
  subscriber.on('close', lost);
  subscriber.on('ready', () => {
    subscriber.subscribe(channel).then(
      () => {
        subscribed = true;
        if (told) logger.info('Redis answers again');
        told = false;
        listener.missed();
      },
      () => subscriber.disconnect(true),
    );
  });
  subscriber.on('message', (_channel: string, text: string) => {
    heard++;
    listener.heard(text);
  });

  // A peer that vanished without closing shows only when it is asked.
  const pings = setInterval(() => {
    for (const client of [publisher, subscriber]) {
      if (client.status === 'ready') client.ping().catch(() => client.disconnect(true));
    }
  }, SIGNAL_PING_MS);
  pings.unref();

  return {
    name: 'redis',
    get connected() {
      return subscribed && publisher.status === 'ready';
    },
    send(text) {
      if (publisher.status !== 'ready') return false;
      sent++;
      // Lost on the way: the others look into the database anyway before long.
      publisher.publish(channel, text).catch((error: unknown) => {
        logger.debug({ err: error }, 'a message through Redis was lost');
      });
      return true;
    },
    get counts() {
      return { sent, heard, losses };
    },
    close() {
      closed = true;
      clearInterval(pings);
      publisher.disconnect();
      subscriber.disconnect();
      return Promise.resolve();
    },
  };
}
