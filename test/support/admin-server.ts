/** The admin listener on real use cases and a real database, for tests that speak to it over the network. */
import { Registry } from 'prom-client';
import { startAdminServer, type AdminServer, type AdminServerDeps } from '../../src/graphql/server.js';
import { createUsageReads } from '../../src/graphql/usage/reads.js';
import { followErrorRates } from '../../src/usage/error-rates.js';
import type { Harness } from '../unit/admin/harness.js';
import { quietLogger } from './database.js';

/** `changes` replace parts of it. */
export function startTestAdminServer(
  { admin, bus, clock, database }: Harness,
  changes: Partial<AdminServerDeps> = {},
): Promise<AdminServer> {
  return startAdminServer({
    host: '127.0.0.1',
    port: 0,
    admin,
    usage: createUsageReads({ sql: database, clock, bus, errorRates: followErrorRates({ bus, clock }) }),
    bus,
    clock,
    logger: quietLogger,
    metrics: new Registry(),
    version: 'test',
    usageRetentionDays: 90,
    checks: () => Promise.resolve([]),
    ...changes,
  });
}
