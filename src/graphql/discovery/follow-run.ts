/** A discovery run as it goes on: a snapshot first, then each outcome, and the end when it ends. */
import { requireScope } from '../../admin/actor.js';
import { AppError } from '../../domain/errors.js';
import type { DiscoveryResultRecord, DiscoveryRunRecord } from '../../domain/records.js';
import { createMailbox } from '../../live/mailbox.js';
import type { GraphqlContext } from '../context.js';
import { mapIterator } from '../shared/iterators.js';

export interface RunProgress {
  readonly run: DiscoveryRunRecord;
  /** Outcome that caused the message; null in the snapshot. */
  readonly result: DiscoveryResultRecord | null;
}

/** A run has as many outcomes as connections, so the mailbox is bounded without dropping any. */
export async function followRun(
  { services, caller, loaders }: GraphqlContext,
  runId: string,
): Promise<AsyncIterableIterator<RunProgress>> {
  requireScope(caller, 'CONFIG_READ');
  const mailbox = createMailbox<string | null>({
    capacity: Number.POSITIVE_INFINITY,
    onEnd: () => unsubscribe(),
  });
  // Before the snapshot is read, so that no outcome falls between the two.
  const unsubscribe = services.bus.subscribe('discovery.progress', (message) => {
    if (message.workspaceId === caller.actor.workspaceId && message.runId === runId) {
      mailbox.push(message.resultId);
    }
  });
  let snapshot: DiscoveryRunRecord | null;
  try {
    snapshot = await loaders.run.load(runId);
  } catch (error) {
    mailbox.close();
    throw error;
  }
  if (!snapshot) {
    mailbox.close();
    throw new AppError('NOT_FOUND', 'There is no discovery run of this ID.', { field: ['runId'] });
  }

  const delivered = new Set<string>();
  let pending: RunProgress[] = [{ run: snapshot, result: null }];
  for (const { id, finishedAt } of snapshot.results) if (finishedAt !== null) delivered.add(id);
  let over = isFinal(snapshot);
  if (over) mailbox.close();

  const live = mapIterator(mailbox, async () => {
    const run = await loaders.run.load(runId);
    if (!run) {
      mailbox.close();
      return null;
    }
    const news = run.results.filter(({ id, finishedAt }) => finishedAt !== null && !delivered.has(id));
    for (const { id } of news) delivered.add(id);
    const ended = isFinal(run) && !over;
    over ||= ended;
    if (over) mailbox.close();
    if (news.length === 0) return ended ? [{ run, result: null }] : null;
    return news.map((result) => ({ run, result }));
  });

  const progress: AsyncIterableIterator<RunProgress> = {
    async next() {
      for (;;) {
        const [value, ...rest] = pending;
        pending = rest;
        if (value) return { done: false, value };
        const result = await live.next();
        if (result.done === true) return { done: true, value: undefined };
        pending = result.value;
      }
    },
    async return() {
      await live.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => progress,
  };
  return progress;
}

function isFinal(run: DiscoveryRunRecord): boolean {
  return run.status !== 'QUEUED' && run.status !== 'RUNNING';
}
