/** Usage as it is recorded: single events, resumable from a place, and running totals. */
import { isDeepStrictEqual } from 'node:util';
import { FOLLOWER_BEHIND_MAX_EVENTS, MAILBOX_CAPACITY, USAGE_REPLAY_PAGE } from '../config/usage-limits.js';
import { AppError } from '../domain/errors.js';
import { bucketStart, HOUR_MS } from '../domain/time-range.js';
import type { StoredUsageEvent } from '../domain/usage.js';
import type { Bus } from '../live/bus.js';
import { createMailbox } from '../live/mailbox.js';
import { lastUsageSeq, usageEventsAfter } from '../persistence/usage-events.js';
import type { UsageFilter } from '../persistence/usage-filter.js';
import { usageDroppedSince } from '../persistence/usage-kept.js';
import { matchesFilter, mayChangeSums } from './event-filter.js';
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
  /** When the request of that event came, in milliseconds since the epoch, where it is known. */
  readonly afterAt?: number;
  /** Told of each loss. */
  readonly onLost?: (events: number) => void;
  readonly capacity?: number;
  /** Most events that it may be behind as long as it reads. */
  readonly behindMax?: number;
}

/** Usage as one subscriber follows it. */
export interface UsageFeed extends AsyncIterableIterator<FollowedEvent> {
  /** The next event where it is at hand: what `next` would answer without waiting. */
  ready(): FollowedEvent | undefined;
}

const DONE = { done: true, value: undefined } as const;

/**
 * Stored events after a place, then live ones, without a gap and without repeats. Listens from this call on.
 *
 * What happens while the subscriber is busy waits in a mailbox. Past its capacity the mailbox forgets the oldest, and they are
 * read from storage when their turn comes. They are lost only to a subscriber that took nothing while as many again
 * went by, or that is so far behind that it would hear of everything too late.
 */
export function followUsage(sources: LiveSources, options: FollowUsageOptions): UsageFeed {
  const { sql, bus } = sources;
  const { workspaceId, filter, afterSeq, capacity = MAILBOX_CAPACITY } = options;
  const { onLost, behindMax = FOLLOWER_BEHIND_MAX_EVENTS } = options;
  /** Everything up to here was taken, or is lost. */
  let seen = afterSeq ?? 0;
  let page: StoredUsageEvent[] = [];
  /** Whether the past is still being read. */
  let replaying = afterSeq !== null;
  let placeChecked = !replaying;
  let heardFrom: number | null = null;
  /** Place of the last event that the mailbox forgot. */
  let forgottenTo = 0;
  /** Forgotten events that are still to be read from storage. */
  let missing = 0;
  let forgottenSinceTaken = 0;
  let stalled = false;
  let reading = false;
  let stopped = false;

  const forget = ({ seq }: StoredUsageEvent): void => {
    if (seq <= seen) return;
    forgottenTo = seq;
    missing++;
    if (!replaying && !reading && ++forgottenSinceTaken > capacity) stalled = true;
  };
  const mailbox = createMailbox<StoredUsageEvent>({ capacity, onDrop: forget });
  const hear = ({ events }: { readonly events: readonly StoredUsageEvent[] }): void => {
    for (const event of events) {
      if (!matchesFilter(event, filter)) continue;
      if (heardFrom === null) {
        heardFrom = event.seq;
        if (afterSeq === null) seen = event.seq - 1;
      }
      mailbox.push(event);
    }
  };
  const unsubscribe = bus.subscribe('usage.arrived', hear, workspaceId);
  const end = (): void => {
    stopped = true;
    unsubscribe();
    void mailbox.return?.();
  };

  const checkPlace = async (): Promise<void> => {
    if (placeChecked) return;
    placeChecked = true;
    const { afterAt } = options;
    if (seen > (await lastUsageSeq(sql))) {
      throw new AppError('BAD_USER_INPUT', '`after` names a place that this installation has not reached.', {
        field: ['after'],
      });
    }
    if (afterAt !== undefined && (await usageDroppedSince(sql, workspaceId, afterAt, filter))) {
      throw new AppError(
        'BAD_USER_INPUT',
        `\`after\` is from ${new Date(afterAt).toISOString()}, and events that came after it are past their retention. ` +
          'Leave it out to go on from now; `usageEvents` has what is still kept, `usageReport` the sums of all.',
        { field: ['after'] },
      );
    }
  };

  const readPage = async (): Promise<void> => {
    await checkPlace();
    const forgotten = forgottenTo;
    reading = true;
    page = await usageEventsAfter(sql, workspaceId, seen, USAGE_REPLAY_PAGE, filter);
    reading = false;
    if (page.length < USAGE_REPLAY_PAGE) replaying = false;
    // Nothing of what was forgotten is stored any more.
    if (page.length === 0) seen = Math.max(seen, forgotten);
  };

  const take = (event: StoredUsageEvent, replayed: boolean, droppedBefore: number): FollowedEvent => {
    seen = event.seq;
    forgottenSinceTaken = 0;
    return { event, replayed, droppedBefore };
  };

  /** Gives up what is missing; answers how many. */
  const lose = (): number => {
    const lost = missing;
    missing = 0;
    stalled = false;
    if (lost > 0) onLost?.(lost);
    return lost;
  };

  const mustRead = (): boolean => replaying || (forgottenTo > seen && !stalled && missing <= behindMax);

  const ready = (): FollowedEvent | undefined => {
    const stored = page.shift();
    if (stored) {
      // Heard as well, and forgotten since: now it is found again.
      if (heardFrom !== null && stored.seq >= heardFrom && stored.seq <= forgottenTo) missing--;
      // Past the place of what was forgotten, whatever was not found is past its retention.
      return take(stored, true, stored.seq > forgottenTo ? lose() : 0);
    }
    if (stopped || mustRead()) return undefined;
    for (;;) {
      const heard = mailbox.ready();
      if (!heard) return undefined;
      const event = heard.item;
      // What was committed while storage was read is both stored and heard.
      if (event.seq > seen) return take(event, false, lose());
    }
  };

  const next = async (): Promise<IteratorResult<FollowedEvent, undefined>> => {
    for (;;) {
      const event = ready();
      if (event) return { done: false, value: event };
      if (stopped) return DONE;
      if (mustRead()) {
        await readPage();
        continue;
      }
      const delivery = await mailbox.next();
      if (delivery.done === true) return DONE;
      const { item } = delivery.value;
      if (item.seq > seen) return { done: false, value: take(item, false, 0) };
    }
  };

  return { ...endingOnError(next, end), ready };
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
  let told: unknown = null;
  let timer: NodeJS.Timeout | null = null;
  let wake: (() => void) | null = null;
  let stopped = false;
  const hear = ({ events }: { readonly events: readonly StoredUsageEvent[] }): void => {
    if (changed || !events.some((event) => mayChangeSums(event, request.filter))) return;
    changed = true;
    wake?.();
  };
  const unsubscribe = bus.subscribe('usage.arrived', hear, workspaceId);
  const end = (): void => {
    stopped = true;
    unsubscribe();
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

  /** Waits until the totals may be others and another message is due. */
  const due = async (): Promise<void> => {
    while (!stopped) {
      const dueIn = sentAt + minIntervalMs - clock.monotonic();
      if (changed && dueIn <= 0) return;
      if (changed) {
        await sleep(dueIn);
        continue;
      }
      // Totals also change when a new window begins, which is always at a full hour.
      await sleep(HOUR_MS - (clock.now() % HOUR_MS));
      if (bucketStart(clock.now(), request.window) !== windowStart) changed = true;
    }
  };

  const next = async (): Promise<IteratorResult<UsageTotalsState, undefined>> => {
    for (;;) {
      await due();
      if (stopped) return DONE;
      changed = false;
      sentAt = clock.monotonic();
      const totals = await usageTotalsNow(sources, workspaceId, request);
      if (stopped) return DONE;
      const state = [
        totals.range.from,
        totals.totals,
        totals.groups.map(({ group, totals: sums }) => [group, sums]),
      ];
      if (isDeepStrictEqual(state, told)) continue;
      told = state;
      windowStart = totals.range.from;
      sequence++;
      return { done: false, value: { ...totals, sequence } };
    }
  };

  return endingOnError(next, end);
}

/** An iterator that releases what it holds when it is left, also while it waits, and when it fails. */
function endingOnError<T>(
  next: () => Promise<IteratorResult<T, undefined>>,
  end: () => void,
): AsyncIterableIterator<T> {
  let left = false;
  return {
    async next() {
      try {
        return await next();
      } catch (error) {
        // Nobody is there any more to be told of it.
        if (left) return DONE;
        end();
        throw error;
      }
    },
    return() {
      left = true;
      end();
      return Promise.resolve(DONE);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
