/** `schema`: the GraphQL schema on standard output. */
import 'reflect-metadata';
import { printAdminSchema } from '../graphql/schema.js';

export function printSchema(): void {
  process.stdout.write(printAdminSchema());
}
