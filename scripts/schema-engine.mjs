#!/usr/bin/env node
/**
 * Stands in for Prisma's native schema engine, which `prisma` would download: speaks its protocol on top of the same
 * engine compiled to WebAssembly. `postgresql://pglite/` means a database in memory, so that migrations can be written
 * and compared without a server.
 *
 * Protocol: `--datasource <json> cli <command>` for single commands, else one JSON-RPC message per line on standard
 * input and output.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  DriverAdapterError,
} from '@prisma/driver-adapter-utils';
import * as engineBindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

const IN_MEMORY_HOST = 'pglite';
/** Database that exists on every server, from which others are made. */
const MAINTENANCE_DATABASE = 'postgres';

// ── Values ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const toBoolean = (text) => text === 't';
const toArray = (element) => (text) => pg.types.arrayParser.create(text, element).parse();
const identity = (text) => text;

/** By type OID: what the engine is told a column is, and how its text becomes a value. Everything else is text. */
const COLUMNS = new Map([
  [16, [ColumnTypeEnum.Boolean, toBoolean]],
  [18, [ColumnTypeEnum.Character, identity]],
  [20, [ColumnTypeEnum.Int64, identity]],
  [21, [ColumnTypeEnum.Int32, Number]],
  [23, [ColumnTypeEnum.Int32, Number]],
  [26, [ColumnTypeEnum.Int64, identity]],
  [700, [ColumnTypeEnum.Float, Number]],
  [701, [ColumnTypeEnum.Double, Number]],
  [1000, [ColumnTypeEnum.BooleanArray, toArray(toBoolean)]],
  [1002, [ColumnTypeEnum.CharacterArray, toArray(identity)]],
  [1003, [ColumnTypeEnum.TextArray, toArray(identity)]],
  [1005, [ColumnTypeEnum.Int32Array, toArray(Number)]],
  [1007, [ColumnTypeEnum.Int32Array, toArray(Number)]],
  [1009, [ColumnTypeEnum.TextArray, toArray(identity)]],
  [1016, [ColumnTypeEnum.Int64Array, toArray(identity)]],
  [1114, [ColumnTypeEnum.DateTime, identity]],
  [1184, [ColumnTypeEnum.DateTime, (text) => new Date(text).toISOString()]],
  [1700, [ColumnTypeEnum.Numeric, identity]],
]);
const TEXT_COLUMN = [ColumnTypeEnum.Text, identity];
const columnOf = (oid) => COLUMNS.get(oid) ?? TEXT_COLUMN;

// ── Databases ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** A session: `query` answers `{ fields, rows, affected }` with every value as text, `script` runs many statements. */
async function openServerSession(url) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  await client.connect();
  return {
    async query(sql, values) {
      const types = { getTypeParser: () => identity };
      const result = await client.query({ text: sql, values, rowMode: 'array', types });
      return { fields: result.fields, rows: result.rows, affected: result.rowCount ?? 0 };
    },
    script: (sql) => client.query(sql),
    close: () => client.end(),
  };
}

async function openMemorySession() {
  const { PGlite } = await import('@electric-sql/pglite');
  const database = await PGlite.create();
  const parsers = Object.fromEntries([...COLUMNS.keys()].map((oid) => [oid, identity]));
  return {
    async query(sql, values) {
      const result = await database.query(sql, values, { rowMode: 'array', parsers });
      return { fields: result.fields, rows: result.rows, affected: result.affectedRows ?? 0 };
    },
    script: (sql) => database.exec(sql),
    close: () => database.close(),
  };
}

const isInMemory = (url) => new URL(url).hostname === IN_MEMORY_HOST;

function withDatabase(url, database) {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

const databaseNameOf = (url) => decodeURIComponent(new URL(url).pathname.slice(1)) || MAINTENANCE_DATABASE;

async function runOnServer(url, sql) {
  const session = await openServerSession(withDatabase(url, MAINTENANCE_DATABASE));
  try {
    await session.script(sql);
  } finally {
    await session.close();
  }
}

/** Errors in the form the engine knows. */
function driverError(error) {
  if (typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code)) {
    const { code, severity = 'ERROR', message, detail, column, hint } = error;
    return new DriverAdapterError({
      kind: 'postgres',
      originalCode: code,
      originalMessage: message,
      code,
      severity,
      message,
      detail,
      column,
      hint,
    });
  }
  return error;
}

function createAdapter(session, afterClose = async () => {}) {
  const guarded = async (work) => {
    try {
      return await work();
    } catch (error) {
      throw driverError(error);
    }
  };
  const queryable = {
    provider: 'postgres',
    adapterName: 'schema-engine',
    queryRaw: ({ sql, args }) =>
      guarded(async () => {
        const { fields, rows } = await session.query(sql, args);
        const columns = fields.map((field) => columnOf(field.dataTypeID));
        return {
          columnNames: fields.map((field) => field.name),
          columnTypes: columns.map(([type]) => type),
          rows: rows.map((row) => row.map((text, i) => (text === null ? null : columns[i][1](text)))),
        };
      }),
    executeRaw: ({ sql, args }) => guarded(async () => (await session.query(sql, args)).affected),
  };
  return {
    ...queryable,
    // The whole script at once: cut at semicolons it would break inside function bodies.
    executeScript: (script) => guarded(async () => void (await session.script(script))),
    async startTransaction() {
      await guarded(() => session.script('BEGIN'));
      // The engine sends COMMIT and ROLLBACK itself.
      const done = async () => {};
      return { ...queryable, options: { usePhantomQuery: false }, commit: done, rollback: done };
    },
    getConnectionInfo: () => ({ schemaName: undefined, supportsRelationJoins: true }),
    async dispose() {
      await session.close();
      await afterClose();
    },
  };
}

function createAdapterFactory(url) {
  return {
    provider: 'postgres',
    adapterName: 'schema-engine',
    connect: async () =>
      createAdapter(await (isInMemory(url) ? openMemorySession() : openServerSession(url))),
    async connectToShadowDb() {
      if (isInMemory(url)) return createAdapter(await openMemorySession());
      const database = `prisma_migrate_shadow_db_${randomUUID()}`;
      await runOnServer(url, `CREATE DATABASE "${database}"`);
      return createAdapter(await openServerSession(withDatabase(url, database)), () =>
        runOnServer(url, `DROP DATABASE "${database}"`),
      );
    },
  };
}

// ── The engine ──────────────────────────────────────────────────────────────────────────────────────────────────────

async function loadEngine(url, datamodels) {
  const file = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const bytes = readFileSync(file.replace(/\.js$/, '.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': engineBindings });
  engineBindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  const factory = bindMigrationAwareSqlAdapterFactory(createAdapterFactory(url));
  const engine = await engineBindings.SchemaEngine.new({ datamodels }, () => {}, factory);
  return { engine, factory };
}

/** The engine speaks of user-facing errors in a JSON message; anything else is a fault. */
function rpcError(error, factory) {
  const id = /"id":\s*(\d+)/.exec(String(error?.message))?.[1];
  const hidden = id === undefined ? undefined : factory?.errorRegistry.consumeError(Number(id))?.error;
  const message = hidden?.message ?? error?.message ?? String(error);
  return {
    code: 4466,
    message: 'An error happened. Check the data field for details.',
    data: {
      is_panic: error instanceof WebAssembly.RuntimeError,
      message,
      error_code: error?.code ?? null,
      meta: error?.meta ?? null,
    },
  };
}

async function serveRpc(url, schemaFiles) {
  let loaded;
  let printed = 0;
  const awaitingPrint = new Map();
  const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const print = (content) =>
    new Promise((resolve) => {
      const id = `print-${++printed}`;
      awaitingPrint.set(id, resolve);
      send({ id, method: 'print', params: { content } });
    });

  async function call(method, params) {
    loaded ??= loadEngine(
      url,
      schemaFiles.length === 0 ? undefined : schemaFiles.map((file) => [file, readFileSync(file, 'utf8')]),
    );
    const { engine } = await loaded;
    switch (method) {
      case 'getDatabaseVersion':
        return engine.version(params);
      case 'diff': {
        const { stdout, ...result } = await engine.diff(params);
        if (stdout) await print(stdout.replace(/\n$/, ''));
        return result;
      }
      case 'evaluateDataLoss':
      case 'createMigration':
        // Both stand on what the diagnosis has found out.
        await engine.devDiagnostic({ migrationsList: params.migrationsList, filters: params.filters });
        return engine[method](params);
      default:
        if (typeof engine[method] !== 'function')
          throw new Error(`${method} is not available in this engine.`);
        return engine[method](params);
    }
  }

  async function answer(request) {
    try {
      send({ id: request.id, result: (await call(request.method, request.params ?? {})) ?? {} });
    } catch (error) {
      const factory = loaded && (await loaded.catch(() => undefined))?.factory;
      send({ id: request.id, error: rpcError(error, factory) });
    }
  }

  let running = Promise.resolve();
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line);
    if (message.method === undefined) {
      awaitingPrint.get(message.id)?.();
      awaitingPrint.delete(message.id);
    } else {
      running = running.then(() => answer(message));
    }
  }
  await running;
}

// ── Single commands ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Fails the way the native engine does: a log record on standard error, after a first line that is skipped. */
function failCommand(error_code, message) {
  const record = { level: 'ERROR', target: 'schema_engine::logger', fields: { error_code, message } };
  process.stderr.write(`\n${JSON.stringify(record)}`);
  process.exitCode = 1;
}

function failConnection(error, url) {
  const { hostname, port, username } = new URL(url);
  const host = `${hostname}:${port || 5432}`;
  switch (error.code) {
    case '3D000':
      return failCommand(
        'P1003',
        `Database \`${databaseNameOf(url)}\` does not exist on the database server at \`${host}\`.`,
      );
    case '28P01':
    case '28000':
      return failCommand(
        'P1000',
        `Authentication failed against the database server at \`${host}\` for \`${username}\`.`,
      );
    default:
      return failCommand('P1001', `Can't reach database server at \`${host}\`: ${error.message}`);
  }
}

async function runCommand(command, url) {
  if (isInMemory(url)) return;
  try {
    switch (command) {
      case 'can-connect-to-database': {
        const session = await openServerSession(url);
        return await session.close();
      }
      case 'create-database':
        return await runOnServer(url, `CREATE DATABASE ${pg.escapeIdentifier(databaseNameOf(url))}`);
      default:
        return failCommand(null, `${command} is not available in this engine.`);
    }
  } catch (error) {
    failConnection(error, url);
  }
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    datasource: { type: 'string', default: '{}' },
    datamodels: { type: 'string', multiple: true, default: [] },
    'enabled-preview-features': { type: 'string' },
    'extension-types': { type: 'string' },
  },
});
const databaseUrl = JSON.parse(options.datasource).url ?? `postgresql://${IN_MEMORY_HOST}/`;
if (positionals[0] === 'cli') await runCommand(positionals[1], databaseUrl);
else await serveRpc(databaseUrl, options.datamodels);
// What PGlite and sockets keep open must not keep this process.
process.exit();
