/**
 * Bounds how long one operation may run. A read is given up on, and with it what the database works out for it. A change
 * is told to stop and then waited for, because only its own end tells whether it was made: it answers with what it
 * committed, or that nothing was.
 */
import { GRAPHQL_SETTLE_MS } from '../config/graphql-limits.js';
import { AppError } from '../domain/errors.js';
import { stopStatementsWith } from '../persistence/stop-statements.js';

export interface Deadline {
  /** Stops what the operation waits for; fires as well when its caller is gone. */
  readonly controller: AbortController;
  readonly timeoutMs: number;
  /** Whether the operation changes things; asked when it is to stop. */
  isChange(): boolean;
  /** How long an end of a change is waited for. */
  readonly settleMs?: number;
}

/** Settles like `work`, or with `TIMEOUT` once its time is up. */
export async function withinDeadline<T>(work: () => Promise<T>, deadline: Deadline): Promise<T> {
  const { controller, timeoutMs, settleMs = GRAPHQL_SETTLE_MS } = deadline;
  const reading = new AbortController();
  const { signal } = controller;
  signal.addEventListener('abort', () => deadline.isChange() || reading.abort(signal.reason), { once: true });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const fire = (): void => {
      const isChange = deadline.isChange();
      const error = tookTooLong(timeoutMs, isChange);
      if (isChange) timer = setTimeout(() => reject(unsettled()), settleMs);
      else reject(error);
      controller.abort(error);
    };
    timer = setTimeout(fire, timeoutMs);
  });
  try {
    return await Promise.race([stopStatementsWith(reading.signal, work), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Why an operation stops that nobody waits for any more. */
export function callerGone(): AppError {
  return new AppError('TIMEOUT', 'The caller left before the answer.');
}

function tookTooLong(timeoutMs: number, isChange: boolean): AppError {
  const what = isChange ? 'was not made' : 'was given up on; ask for less at once';
  return new AppError('TIMEOUT', `The operation took longer than ${timeoutMs / 1000} s and ${what}.`);
}

function unsettled(): AppError {
  return new AppError(
    'TIMEOUT',
    'The change was told to stop but has not ended; look whether it was made before you repeat it.',
  );
}
