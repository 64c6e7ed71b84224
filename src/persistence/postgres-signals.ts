/** Messages between nodes through Postgres: `NOTIFY` and one connection that listens, made again whenever it breaks. */
import pg from 'pg';
import {
  DATABASE_CONNECT_TIMEOUT_MS,
  NOTIFY_PAYLOAD_MAX_BYTES,
  RECONNECT_BACK_OFF,
  SIGNALS_WAITING_MAX,
  SIGNAL_PING_MS,
} from '../config/limits.js';
import { backOffMs } from '../domain/back-off.js';
import type { SignalListener, Signals } from '../live/signals.js';
import type { Logger } from '../observability/logger.js';
import type { Sql } from './sql.js';

/** Channels are per database, so that no other installation's messages are heard. */
const CHANNEL = 'switchyard';

export interface PostgresSignalsOptions {
  readonly databaseUrl: string;
  /** What messages are sent through. */
  readonly sql: Sql;
  readonly listener: SignalListener;
  readonly logger: Logger;
}

/** Connects in the background, again and again. */
export function openPostgresSignals(options: PostgresSignalsOptions): Signals {
  const { databaseUrl, sql, listener, logger } = options;
  let sent = 0;
  let heard = 0;
  let losses = 0;
  let client: pg.Client | null = null;
  let connected = false;
  let closed = false;
  let failures = 0;
  let timer: NodeJS.Timeout | null = null;
  let waiting: string[] = [];
  let sending: Promise<void> | null = null;

  const connect = async (): Promise<void> => {
    timer = null;
    const own = new pg.Client({
      connectionString: databaseUrl,
      application_name: 'switchyard-signals',
      keepAlive: true,
      connectionTimeoutMillis: DATABASE_CONNECT_TIMEOUT_MS,
      query_timeout: DATABASE_CONNECT_TIMEOUT_MS,
    });
    client = own;
    const broken = (error?: Error): void => {
      if (client !== own) return;
      client = null;
      if (connected) {
        losses++;
        logger.warn({ err: error }, 'the connection that listens to other nodes was lost');
      }
      connected = false;
      own.end().catch(() => undefined);
      if (closed) return;
      timer = setTimeout(() => void connect(), backOffMs(++failures, RECONNECT_BACK_OFF));
    };
    own.on('error', broken);
    own.on('end', () => broken());
    own.on('notification', ({ payload }) => {
      heard++;
      listener.heard(payload ?? '');
    });
    try {
      await own.connect();
      await own.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      broken(error instanceof Error ? error : undefined);
      return;
    }
    if (client !== own) return;
    connected = true;
    failures = 0;
    listener.missed();
  };

  // A server that vanished without closing shows only when it is asked.
  const pings = setInterval(() => {
    if (connected) client?.query('SELECT 1').catch((error: unknown) => client?.emit('error', error));
  }, SIGNAL_PING_MS);
  pings.unref();

  /** One statement at a time, with everything that waits: committing a NOTIFY takes a lock of the whole server. */
  const flush = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await sql.query(`SELECT pg_notify('${CHANNEL}', text) FROM unnest($1::text[]) AS text`, [batch]);
        sent += batch.length;
      } catch (error) {
        // The others look into the database anyway before long.
        logger.debug({ err: error, lost: batch.length }, 'messages to other nodes were lost');
      }
    }
    sending = null;
  };

  void connect();
  return {
    name: 'postgres',
    get connected() {
      return connected;
    },
    send(text) {
      if (closed || waiting.length >= SIGNALS_WAITING_MAX) return false;
      if (Buffer.byteLength(text) > NOTIFY_PAYLOAD_MAX_BYTES) return false;
      // Of equal messages one says it all.
      if (!waiting.includes(text)) waiting.push(text);
      sending ??= flush();
      return true;
    },
    get counts() {
      return { sent, heard, losses };
    },
    async close() {
      closed = true;
      clearInterval(pings);
      if (timer) clearTimeout(timer);
      await sending;
      await client?.end().catch(() => undefined);
    },
  };
}
