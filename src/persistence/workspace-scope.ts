/** The one place that keeps workspaces apart: a client that adds its workspace to every query it makes. */
import type { PrismaClient } from './generated/client.js';

/** Operations whose `where` selects existing rows. */
const READS_AND_DELETES = new Set([
  'findUnique',
  'findUniqueOrThrow',
  'findFirst',
  'findFirstOrThrow',
  'findMany',
  'count',
  'aggregate',
  'groupBy',
  'delete',
  'deleteMany',
]);

/** The same, with `data` that must not move a row to another workspace. */
const UPDATES = new Set(['update', 'updateMany', 'updateManyAndReturn']);

/** Rows by key rather than by workspace: the workspace itself is the row. */
const UNSCOPED_MODELS = new Set(['Workspace']);

/** A client that sees and writes rows of one workspace only; `create` fills the workspace in. */
export function scopeToWorkspace(prisma: PrismaClient, workspaceId: string) {
  return prisma.$extends({
    name: 'workspace-scope',
    query: {
      $allModels: {
        $allOperations({ model, operation, args, query }) {
          const scoped = args as {
            where?: object;
            data?: object | object[];
            create?: object;
            update?: object;
          };
          const key = UNSCOPED_MODELS.has(model) ? 'id' : 'workspaceId';
          const own = (data: object | undefined) => ({ ...data, [key]: workspaceId });
          const where = { ...scoped.where, AND: [{ [key]: workspaceId }, ...andOf(scoped.where)] };
          if (UPDATES.has(operation)) {
            return query({ ...scoped, where, data: own(scoped.data) } as typeof args);
          }
          if (READS_AND_DELETES.has(operation)) {
            return query({ ...scoped, where } as typeof args);
          }
          if (operation === 'create') {
            return query({ ...scoped, data: own(scoped.data) } as typeof args);
          }
          if (operation === 'createMany' || operation === 'createManyAndReturn') {
            const rows = Array.isArray(scoped.data) ? scoped.data : [scoped.data];
            return query({ ...scoped, data: rows.map(own) } as typeof args);
          }
          if (operation === 'upsert') {
            return query({
              ...scoped,
              where,
              create: own(scoped.create),
              update: own(scoped.update),
            } as typeof args);
          }
          throw new Error(`${operation} is not available within a workspace`);
        },
      },
    },
  });
}

function andOf(where: object | undefined): object[] {
  const and = (where as { AND?: object | object[] } | undefined)?.AND;
  return and === undefined ? [] : Array.isArray(and) ? and : [and];
}

export type ScopedClient = ReturnType<typeof scopeToWorkspace>;
/** What a `$transaction` callback of a scoped client receives. */
export type ScopedTransaction = Parameters<Parameters<ScopedClient['$transaction']>[0]>[0];
