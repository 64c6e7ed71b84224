/** The admin listener on real use cases and a real database, for tests that speak to it over the network. */
import { Registry } from 'prom-client';
import { startAdminServer, type AdminServer } from '../../src/graphql/server.js';
import { createUsageReads } from '../../src/graphql/usage/reads.js';
import type { Harness } from '../unit/admin/harness.js';
import { quietLogger } from './database.js';

export function startTestAdminServer({ admin, bus, clock, database }: Harness): Promise<AdminServer> {
  return startAdminServer({
    host: '127.0.0.1',
    port: 0,
    admin,
    usage: createUsageReads({ sql: database, clock, bus }),
    bus,
    clock,
    logger: quietLogger,
    metrics: new Registry(),
    version: 'test',
    checks: () => Promise.resolve([]),
  });
}
