/** Workspaces and tokens of a test's own, and what of a database two of them can be told apart by. */
import { randomBytes } from 'node:crypto';
import { insertShippedTiers } from '../../src/admin/tiers/ensure-tiers.js';
import { newId } from '../../src/domain/ids.js';
import { ADMIN_SCOPES, type AdminScope } from '../../src/domain/vocabulary.js';
import { hashToken } from '../../src/secrets/tokens.js';
import type { Harness } from '../unit/admin/harness.js';

/** A further workspace with the shipped tiers, as each has; answers its id. */
export async function addWorkspace({ database, clock }: Harness, slug: string): Promise<string> {
  const id = newId('workspace', clock.now());
  await database.query('INSERT INTO workspace (id, slug, name, created_at) VALUES ($1, $2, $2, now())', [
    id,
    slug,
  ]);
  await database
    .workspace(id)
    .$transaction((transaction) => insertShippedTiers(transaction, id, clock.now()));
  return id;
}

/** A token of a workspace, made as the command line makes them. */
export async function addToken(
  { database, clock }: Harness,
  workspaceId: string,
  scopes: readonly AdminScope[] = ADMIN_SCOPES,
): Promise<{ readonly id: string; readonly token: string }> {
  const id = newId('adminToken', clock.now());
  const token = `sya_${randomBytes(32).toString('base64url')}`;
  await database.query(
    `INSERT INTO admin_token (id, workspace_id, name, hash, scopes, created_at)
     VALUES ($1, $2, 'walker', $3, $4::text[]::admin_scope[], now())`,
    [id, workspaceId, hashToken(token), [...scopes]],
  );
  return { id, token };
}

/** How many rows each table has, and a digest of all they say, `updated_at` included. */
export async function contentsOf({ database }: Harness): Promise<ReadonlyMap<string, string>> {
  const tables = await database.query<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> '_prisma_migrations'`,
  );
  const sums = tables.map(
    ({ name }) =>
      `SELECT '${name}' AS name, count(*) || ' rows, ' || md5(coalesce(string_agg(r::text, '|' ORDER BY r::text), '')) AS text FROM ${name} r`,
  );
  const rows = await database.query<{ name: string; text: string }>(sums.join(' UNION ALL '));
  return new Map(rows.map(({ name, text }) => [name, text]));
}
