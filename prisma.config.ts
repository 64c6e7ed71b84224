/** Settings of the Prisma command line. The program itself opens its database in src/persistence. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'prisma/config';

// Every Prisma command first looks for a native schema engine that it would download; this one ships inside an npm
// package and speaks the same protocol, so the commands work without a network.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= fileURLToPath(
  new URL('scripts/schema-engine.mjs', import.meta.url),
);

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? 'postgresql://pglite/' },
});
