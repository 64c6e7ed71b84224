/** Recognises the one database error that a caller can put right: a value that must be unique and is not. */
import { Prisma } from './generated/client.js';

/** Whether a write failed because another row holds the value. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}
