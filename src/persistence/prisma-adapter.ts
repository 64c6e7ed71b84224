/** Prisma's way to Postgres: over our pool, with statements that are prepared once and, in a transaction, sent in turn. */
import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import { PREPARED_STATEMENTS_MAX } from '../config/limits.js';

type Adapter = Awaited<ReturnType<PrismaPg['connect']>>;
type Transaction = Awaited<ReturnType<Adapter['startTransaction']>>;

export interface PrismaAdapterOptions {
  readonly pool: pg.Pool;
  /** Not behind a pooler that shares its sessions between clients. */
  readonly prepareStatements: boolean;
  readonly onConnectionLost: (error: Error) => void;
}

export function createPrismaAdapter(options: PrismaAdapterOptions): PrismaPg {
  const { pool, prepareStatements, onConnectionLost } = options;
  const factory = new PrismaPg(pool, {
    onConnectionError: onConnectionLost,
    ...(prepareStatements && { statementNameGenerator: nameStatements() }),
  });
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    const adapter = await connect();
    const start = adapter.startTransaction.bind(adapter);
    adapter.startTransaction = async (isolationLevel) => inTurn(await start(isolationLevel));
    return adapter;
  };
  return factory;
}

/** Prisma reads relations side by side; a transaction has one connection, which pg wants to be asked one thing at a time. */
function inTurn(transaction: Transaction): Transaction {
  let last: Promise<unknown> = Promise.resolve();
  const wait = <A, R>(run: (argument: A) => Promise<R>) => {
    return (argument: A): Promise<R> => {
      const turn = last.then(() => run(argument));
      last = turn.catch(() => undefined);
      return turn;
    };
  };
  transaction.queryRaw = wait(transaction.queryRaw.bind(transaction));
  transaction.executeRaw = wait(transaction.executeRaw.bind(transaction));
  return transaction;
}

/** Names for the statements seen first, so that Postgres parses and plans them once per connection; none for the rest. */
function nameStatements(): (query: { sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const name = names.get(sql);
    if (name !== undefined) return name;
    if (names.size === PREPARED_STATEMENTS_MAX) return '';
    const added = `statement_${names.size}`;
    names.set(sql, added);
    return added;
  };
}
