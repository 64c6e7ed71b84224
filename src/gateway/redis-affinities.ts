/** Where conversations were served last, shared by the gateways through Redis. What Redis does not say at once is not waited for. */
import { Redis } from 'ioredis';
import { RECONNECT_BACK_OFF } from '../config/limits.js';
import { AFFINITY_ANSWER_TIMEOUT_MS, AFFINITY_PAUSE_MS } from '../config/routing-limits.js';
import { backOffMs } from '../domain/back-off.js';
import type { Clock } from '../domain/clock.js';
import type { Logger } from '../observability/logger.js';
import type { Affinity } from '../routing/decision.js';
import type { SharedAffinities } from './affinity.js';

export interface RedisAffinities extends SharedAffinities {
  close(): void;
}

export interface RedisAffinitiesOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long an answer is waited for. */
  readonly answerMs?: number;
}

/** Conversations are told apart by hashes over unique ids, so that installations on one Redis never meet. */
const KEY_PREFIX = 'switchyard:affinity:';

/** Connects in the background, again and again. */
export function openRedisAffinities(options: RedisAffinitiesOptions): RedisAffinities {
  const { url, clock, logger, answerMs = AFFINITY_ANSWER_TIMEOUT_MS } = options;
  const redis = new Redis(url, {
    connectionName: 'switchyard',
    // What cannot be asked or told now is not asked or told at all.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => backOffMs(attempt, RECONNECT_BACK_OFF),
  });
  let isAway = false;
  redis.on('error', (error: Error) => logger.debug({ err: error }, 'Redis'));
  redis.on('close', () => {
    if (isAway) return;
    isAway = true;
    logger.warn('Redis is away; conversations stay where they are on each gateway for itself');
  });
  redis.on('ready', () => {
    if (isAway) logger.info('Redis is back');
    isAway = false;
  });
  /** Monotonic. */
  let pausedUntil = 0;

  return {
    async get(conversation) {
      if (redis.status !== 'ready' || clock.monotonic() < pausedUntil) return null;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<null>((resolve) => {
        timer = setTimeout(() => {
          pausedUntil = clock.monotonic() + AFFINITY_PAUSE_MS;
          resolve(null);
        }, answerMs);
      });
      const answer = redis.get(KEY_PREFIX + conversation).catch(() => null);
      const text = await Promise.race([answer, late]);
      clearTimeout(timer);
      return text === null ? null : parseAffinity(text);
    },
    set(conversation, affinity, ttlMs) {
      if (redis.status !== 'ready') return;
      const { connectionId, modelRef, tierSlug } = affinity;
      const text = JSON.stringify([connectionId, modelRef, tierSlug]);
      redis.set(KEY_PREFIX + conversation, text, 'PX', ttlMs).catch((error: unknown) => {
        logger.debug({ err: error }, 'where a conversation is was not shared');
      });
    },
    close() {
      isAway = true;
      redis.disconnect();
    },
  };
}

/** Null for what another version wrote. */
function parseAffinity(text: string): Affinity | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return null;
    const [connectionId, modelRef, tierSlug] = value as unknown[];
    if (typeof connectionId !== 'string' || typeof modelRef !== 'string') return null;
    return { connectionId, modelRef, tierSlug: typeof tierSlug === 'string' ? tierSlug : null };
  } catch {
    return null;
  }
}
