/**
 * Two listeners over one database in one process: the admin API, and a plain Apollo Server with resolvers written by hand
 * for the same documents, without guard, scopes, loaders, masking or log. Sends their addresses, then answers each message
 * `start` with the SQL statements and the processor time since the one before.
 */
import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import pg from 'pg';
import { Registry } from 'prom-client';
import { ensureBootstrap } from '../../dist/src/admin/bootstrap.js';
import { createAdmin } from '../../dist/src/admin/create-admin.js';
import { factsFor } from '../../dist/src/discovery/catalog/catalog.js';
import { createDiscovery } from '../../dist/src/discovery/discovery.js';
import { createCredentialProbe } from '../../dist/src/discovery/probe.js';
import { systemClock } from '../../dist/src/domain/clock.js';
import { startAdminServer } from '../../dist/src/graphql/server.js';
import { createUsageReads } from '../../dist/src/graphql/usage/reads.js';
import { createBus } from '../../dist/src/live/bus.js';
import { createLogger } from '../../dist/src/observability/logger.js';
import { openDatabase } from '../../dist/src/persistence/database.js';
import { createVault } from '../../dist/src/secrets/vault.js';
import { createHttpGet } from '../../dist/src/upstream/http-get.js';
import { followErrorRates } from '../../dist/src/usage/error-rates.js';

const TOKEN = 'bench-'.repeat(8);
const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-bench-'));
// Time for budgets runs fast, so that they refuse nothing.
const clock = { now: systemClock.now, monotonic: () => systemClock.monotonic() * 1e6 };
const logger = createLogger({ level: 'silent', role: 'bench' });
const bus = createBus(logger);
const vault = createVault([Buffer.alloc(32, 7)]);
const http = createHttpGet({ allowPrivateUpstreams: true, userAgent: 'switchyard-bench' });
const databaseUrl = process.argv[2] ?? null;
const database = await openDatabase({ databaseUrl, dataDir, logger, clock: systemClock });
const admin = createAdmin({
  database,
  bus,
  clock: systemClock,
  logger,
  vault,
  discovery: createDiscovery({ database, bus, clock, logger, vault, http, factsFor }),
  probe: createCredentialProbe({ http, clock }),
  configInForce: async () => undefined,
  allowPrivateUpstreams: true,
});
const workspace = await ensureBootstrap({ database, adminToken: TOKEN, clock });
await fill(workspace.id);

const ours = await startAdminServer({
  host: '127.0.0.1',
  port: 0,
  admin,
  usage: createUsageReads({
    sql: database,
    clock: systemClock,
    bus,
    errorRates: followErrorRates({ bus, clock: systemClock }),
  }),
  bus,
  clock,
  logger,
  metrics: new Registry(),
  version: 'bench',
  usageRetentionDays: 90,
  checks,
});
const plain = new ApolloServer({
  typeDefs: typeDefs(),
  resolvers: resolvers(database.prisma),
  nodeEnv: 'production',
});
const { url } = await startStandaloneServer(plain, { listen: { host: '127.0.0.1', port: 0 } });

/** The one check that asks the database something, as the program has it. */
async function checks() {
  const from = performance.now();
  await database.ping();
  return [
    { name: 'database', state: 'HEALTHY', latencyMs: Math.round(performance.now() - from), message: null },
  ];
}

let statements = 0;
const query = pg.Client.prototype.query;
pg.Client.prototype.query = function (...args) {
  statements++;
  return query.apply(this, args);
};
let cpu = process.cpuUsage();
process.on('message', () => {
  const { user, system } = process.cpuUsage(cpu);
  process.send({ statements, cpuMs: (user + system) / 1000 });
  cpu = process.cpuUsage();
  statements = 0;
});
process.once('disconnect', () => {
  rmSync(dataDir, { recursive: true, force: true });
  process.exit();
});
process.send({ token: TOKEN, ours: `${ours.url}/graphql`, plain: url });

async function fill(workspaceId) {
  const rows = (text) => database.query(text, [workspaceId]);
  await rows(`INSERT INTO connection (id, workspace_id, provider, offering, billing, credential, label, secret_rotated_at, created_at, updated_at)
    SELECT 'conn_' || lpad(n::text, 26, '0'), $1, 'zai', 'coding-plan', 'SUBSCRIPTION', 'API_KEY', 'label ' || n, now(), now(), now()
    FROM generate_series(1, 50) n`);
  await rows(`INSERT INTO model (id, workspace_id, provider, upstream_id, ref, display_name, first_seen_at, last_seen_at)
    SELECT 'mdl_' || lpad(n::text, 26, '0'), $1, 'zai', 'model-' || n, 'zai/model-' || n, 'Model ' || n, now(), now()
    FROM generate_series(1, 1000) n`);
  await rows(`INSERT INTO model_connection (model_id, connection_id, workspace_id, first_seen_at, last_seen_at)
    SELECT m.id, c.id, $1, now(), now() FROM model m, connection c WHERE c.label IN ('label 1', 'label 2') AND m.workspace_id = $1`);
  await rows(`INSERT INTO access_key (id, workspace_id, name, hash, preview, created_at)
    SELECT 'key_' || lpad(n::text, 26, '0'), $1, 'key ' || n, 'hash ' || n, 'sy_' || n, now() FROM generate_series(1, 200) n`);
  await rows(`INSERT INTO audit_entry (id, workspace_id, occurred_at, actor_kind, actor_id, actor_name, action, subject_id, subject_name, changes)
    SELECT 'aud_' || lpad(n::text, 26, '0'), $1, now(), 'ADMIN_TOKEN', 'tok_1', 'bench', 'connection.update',
      'conn_' || lpad((1 + n % 50)::text, 26, '0'), 'label', '[{"field":"label","before":"a","after":"b"}]'
    FROM generate_series(1, 2000) n`);
}

function typeDefs() {
  return `#graphql
    type Query { health: Service! viewer: Viewer! connections(first: Int!): Connections! models(first: Int!): Models! accessKeys(first: Int!): Keys! auditLog(first: Int!): Audit! }
    type Mutation { connectionUpdate(id: ID!, input: ConnectionInput!): ConnectionPayload! }
    input ConnectionInput { label: String! }
    type ConnectionPayload { connection: Connection userErrors: [UserError!]! }
    type UserError { code: String! }
    type Service { state: String! version: String! startedAt: String! checks: [Check!]! } type Check { name: String! state: String! latencyMs: Float }
    type Viewer { name: String! scopes: [String!]! }
    type PageInfo { hasNextPage: Boolean! endCursor: String }
    type Connections { nodes: [Connection!]! pageInfo: PageInfo! totalCount: Int! }
    type Connection { id: ID! label: String! billing: String! enabled: Boolean! health: Health! provider: Provider! }
    type Health { state: String! } type Provider { name: String! }
    type Models { nodes: [Model!]! pageInfo: PageInfo! totalCount: Int! }
    type Model { id: ID! ref: String! displayName: String! state: String! availability: [Availability!]! }
    type Availability { billing: String! connection: Connection! }
    type Keys { nodes: [Key!]! pageInfo: PageInfo! totalCount: Int! }
    type Key { id: ID! name: String! preview: String! createdAt: String! lastUsedAt: String }
    type Audit { nodes: [Entry!]! pageInfo: PageInfo! }
    type Entry { id: ID! action: String! occurredAt: String! subjectName: String! actor: Actor! changes: [Change!]! }
    type Actor { name: String! } type Change { field: String! before: String after: String }
  `;
}

function resolvers(prisma) {
  const page = (rows, first) => ({
    nodes: rows.slice(0, first),
    pageInfo: { hasNextPage: rows.length > first, endCursor: rows[first - 1]?.id ?? null },
  });
  const iso = (date) => date && date.toISOString();
  return {
    Query: {
      health: async () => ({
        state: 'HEALTHY',
        version: 'bench',
        startedAt: new Date(0).toISOString(),
        checks: await checks(),
      }),
      viewer: async () => {
        const token = await prisma.adminToken.findFirst();
        return { name: token.name, scopes: token.scopes };
      },
      connections: async (_, { first }) => ({
        ...page(
          await prisma.connection.findMany({
            take: first + 1,
            orderBy: [{ priority: 'asc' }, { id: 'asc' }],
          }),
          first,
        ),
        totalCount: await prisma.connection.count(),
      }),
      models: async (_, { first }) => ({
        ...page(
          await prisma.model.findMany({
            take: first + 1,
            orderBy: [{ ref: 'asc' }],
            include: { connections: { include: { connection: true } } },
          }),
          first,
        ),
        totalCount: await prisma.model.count(),
      }),
      accessKeys: async (_, { first }) => ({
        ...page(await prisma.accessKey.findMany({ take: first + 1, orderBy: { id: 'asc' } }), first),
        totalCount: await prisma.accessKey.count(),
      }),
      auditLog: async (_, { first }) =>
        page(await prisma.auditEntry.findMany({ take: first + 1, orderBy: { id: 'desc' } }), first),
    },
    Mutation: {
      connectionUpdate: (_, { id, input }) =>
        prisma.$transaction(async (rows) => {
          const before = await rows.connection.findUniqueOrThrow({ where: { id } });
          const connection = await rows.connection.update({ where: { id }, data: input });
          await rows.auditEntry.create({ data: auditOf(before, connection) });
          return { connection, userErrors: [] };
        }),
    },
    Connection: { health: ({ healthState }) => ({ state: healthState }), provider: () => ({ name: 'Z.ai' }) },
    Model: {
      availability: ({ connections }) =>
        connections.map(({ connection }) => ({ billing: connection.billing, connection })),
    },
    Key: { createdAt: ({ createdAt }) => iso(createdAt), lastUsedAt: ({ lastUsedAt }) => iso(lastUsedAt) },
    Entry: {
      occurredAt: ({ occurredAt }) => iso(occurredAt),
      actor: ({ actorName }) => ({ name: actorName }),
    },
  };
}

let entries = 0;

function auditOf(before, { id, workspaceId, label }) {
  return {
    id: `aud_plain_${String((entries += 1)).padStart(20, '0')}`,
    workspaceId,
    occurredAt: new Date(),
    actorKind: 'ADMIN_TOKEN',
    actorId: 'tok_1',
    actorName: 'bench',
    action: 'connection.update',
    subjectId: id,
    subjectName: label,
    changes: [{ field: 'label', before: before.label, after: label }],
  };
}
