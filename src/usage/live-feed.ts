/** Usage as it is recorded: single events, resumable from a place, and running totals. */
import { MAILBOX_CAPACITY, USAGE_REPLAY_PAGE } from '../config/limits.js';
import { AppError } from '../domain/errors.js';
import { bucketStart, HOUR_MS } from '../domain/time-range.js';
import type { StoredUsageEvent } from '../domain/usage.js';
import type { Bus } from '../live/bus.js';
import { createMailbox, type Mailbox } from '../live/mailbox.js';
import { lastUsageSeq, usageEventsAfter } from '../persistence/usage-events.js';
import type { UsageFilter } from '../persistence/usage-filter.js';
import { matchesFilter } from './event-filter.js';
import { usageTotalsNow, type ReportSources, type UsageTotals, type UsageTotalsRequest } from './reports.js';

export interface LiveSources extends ReportSources {
  readonly bus: Bus;
}

export interface FollowedEvent {
  readonly event: StoredUsageEvent;
  /** Read from storage rather than heard live. */
  readonly replayed: boolean;
  /** Events lost to this subscriber just before this one, because it read too slowly. */
  readonly droppedBefore: number;
}

export interface FollowUsageOptions {
  readonly workspaceId: string;
  readonly filter: UsageFilter;
  /** Place of the last event that the subscriber has seen; null for new ones only. */
  readonly afterSeq: number | null;
  readonly capacity?: number;
}

const DONE = { done: true, value: undefined } as const;

/** Stored events after a place, then live ones, without a gap and without repeats. Listens from this call on. */
export function followUsage(
  sources: LiveSources,
  options: FollowUsageOptions,
): AsyncIterableIterator<FollowedEvent> {
  const { sql, bus } = sources;
  const { workspaceId, filter, afterSeq, capacity = MAILBOX_CAPACITY } = options;
  let overflowed = false;
  const newMailbox = (): Mailbox<StoredUsageEvent> => {
    overflowed = false;
    return createMailbox<StoredUsageEvent>({ capacity, onDrop: () => (overflowed = true) });
  };
  let mailbox = newMailbox();
  let seen = afterSeq ?? 0;
  let page: StoredUsageEvent[] = [];
  let replaying = afterSeq !== null;
  let lastPage = false;
  let placeChecked = false;
  const stop = createStop();
  const unsubscribe = bus.subscribe('usage.recorded', (message) => {
    if (message.workspaceId !== workspaceId) return;
    for (const event of message.events) if (matchesFilter(event, filter, true)) mailbox.push(event);
  });
  const end = (): void => {
    unsubscribe();
    stop.now();
    void mailbox.return?.();
  };

  const checkPlace = async (): Promise<void> => {
    if (placeChecked) return;
    placeChecked = true;
    if (seen > (await lastUsageSeq(sql))) {
      throw new AppError('BAD_USER_INPUT', '`after` names a place that this installation has not reached.', {
        field: ['after'],
      });
    }
  };

  const readPage = async (): Promise<void> => {
    await checkPlace();
    // More happened during the replay than the mailbox holds; all of it is stored, so it is read instead of heard.
    if (overflowed) mailbox = newMailbox();
    page = await usageEventsAfter(sql, workspaceId, seen, USAGE_REPLAY_PAGE, filter);
    lastPage = page.length < USAGE_REPLAY_PAGE;
  };

  const next = async (): Promise<IteratorResult<FollowedEvent, undefined>> => {
    for (;;) {
      if (stop.done) return DONE;
      const stored = page.shift();
      if (stored) {
        seen = stored.seq;
        return { done: false, value: { event: stored, replayed: true, droppedBefore: 0 } };
      }
      if (replaying) {
        if (lastPage && !overflowed) replaying = false;
        else await Promise.race([readPage(), stop.promise]);
        continue;
      }
      const delivery = await mailbox.next();
      if (delivery.done === true) return DONE;
      const { item: event, droppedBefore } = delivery.value;
      // What was committed while the past was read is both stored and heard.
      if (event.seq <= seen) continue;
      return { done: false, value: { event, replayed: false, droppedBefore } };
    }
  };

  return endingOnError(next, end);
}

export interface FollowTotalsOptions {
  readonly workspaceId: string;
  readonly request: UsageTotalsRequest;
  readonly minIntervalMs: number;
}

export interface UsageTotalsState extends UsageTotals {
  /** From 1, one more with every state. */
  readonly sequence: number;
}

/** The totals at once, then the whole of them whenever they changed, at most once per `minIntervalMs`. */
export function followTotals(
  sources: LiveSources,
  options: FollowTotalsOptions,
): AsyncIterableIterator<UsageTotalsState> {
  const { bus, clock } = sources;
  const { workspaceId, request, minIntervalMs } = options;
  let changed = true;
  let sequence = 0;
  let sentAt = Number.NEGATIVE_INFINITY;
  let windowStart = 0;
  let timer: NodeJS.Timeout | null = null;
  let wake: (() => void) | null = null;
  const stop = createStop();
  const unsubscribe = bus.subscribe('usage.recorded', ({ workspaceId: of, events }) => {
    if (of !== workspaceId || changed) return;
    if (!events.some((event) => matchesFilter(event, request.filter, false))) return;
    changed = true;
    wake?.();
  });
  const end = (): void => {
    unsubscribe();
    stop.now();
    if (timer) clearTimeout(timer);
    timer = null;
    wake?.();
  };

  /** Resolves after `ms`, or earlier when `wake` is called. */
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      wake = () => {
        if (timer) clearTimeout(timer);
        timer = wake = null;
        resolve();
      };
      timer = setTimeout(() => wake?.(), ms);
    });

  const next = async (): Promise<IteratorResult<UsageTotalsState, undefined>> => {
    for (;;) {
      if (stop.done) return DONE;
      const dueIn = sentAt + minIntervalMs - clock.monotonic();
      if (changed && dueIn <= 0) break;
      if (changed) {
        await sleep(dueIn);
        continue;
      }
      // Totals also change when a new window begins, which is always at a full hour.
      await sleep(HOUR_MS - (clock.now() % HOUR_MS));
      if (bucketStart(clock.now(), request.window) !== windowStart) changed = true;
    }
    changed = false;
    sentAt = clock.monotonic();
    const totals = await Promise.race([usageTotalsNow(sources, workspaceId, request), stop.promise]);
    if (!totals) return DONE;
    windowStart = totals.range.from;
    sequence++;
    return { done: false, value: { ...totals, sequence } };
  };

  return endingOnError(next, end);
}

/** A promise that resolves, with nothing, once told to. */
function createStop(): { readonly done: boolean; readonly promise: Promise<undefined>; now(): void } {
  let done = false;
  let resolve: (value: undefined) => void = () => undefined;
  const promise = new Promise<undefined>((resolvePromise) => (resolve = resolvePromise));
  return {
    get done() {
      return done;
    },
    promise,
    now() {
      done = true;
      resolve(undefined);
    },
  };
}

/** An iterator that releases what it holds when it is left, also while it waits, and when it fails. */
function endingOnError<T>(
  next: () => Promise<IteratorResult<T, undefined>>,
  end: () => void,
): AsyncIterableIterator<T> {
  return {
    async next() {
      try {
        return await next();
      } catch (error) {
        end();
        throw error;
      }
    },
    return() {
      end();
      return Promise.resolve(DONE);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
