/** Bounds how long one operation may run. */
import { GRAPHQL_TIMEOUT_MS } from '../config/limits.js';
import { AppError } from '../domain/errors.js';

/** Settles like `work`, or with `TIMEOUT` once its time is up, when `controller` tells what it waits for to stop. */
export async function withinDeadline<T>(
  work: Promise<T>,
  controller: AbortController,
  timeoutMs = GRAPHQL_TIMEOUT_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new AppError(
        'TIMEOUT',
        `The operation took longer than ${timeoutMs / 1000} s; ask for less at once.`,
      );
      reject(error);
      controller.abort(error);
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
