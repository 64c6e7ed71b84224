/** Where requests are not sent, and how they come back: one gateway's book, and two that tell each other. */
import { describe, expect, it, test } from 'vitest';
import {
  COOLDOWNS_REMEMBERED_MAX,
  PROBE_PATIENCE_MS,
  RETURN_SPREAD_MAX_MS,
} from '../../../src/config/routing-limits.js';
import type { Cooldown, CooldownChange } from '../../../src/domain/cooldown.js';
import type { UpstreamFailure } from '../../../src/domain/failure.js';
import { FAILURE_CLASSES, type FailureClass } from '../../../src/domain/vocabulary.js';
import { createCooldownBook, type CooldownBook } from '../../../src/routing/cooldown-book.js';

const START = Date.UTC(2026, 10, 22, 12);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MODEL = 'zai/glm-5.1';
const OTHER_MODEL = 'zai/glm-5.2';

function fakeClock() {
  let now = START;
  return {
    now: () => now,
    monotonic: () => now - START,
    pass: (ms: number) => void (now += ms),
    reach: (time: number) => void (now = time),
  };
}

function failing(failureClass: FailureClass, more: Partial<UpstreamFailure> = {}): UpstreamFailure {
  return { class: failureClass, httpStatus: 400, message: `${failureClass}!`, retryAt: null, ...more };
}

function setUp(clock = fakeClock(), name = 'gateway-0') {
  const changes: CooldownChange[] = [];
  const book = createCooldownBook({ clock, name, onChange: (change) => void changes.push(change) });
  const fail = (failure: UpstreamFailure, model = MODEL): void => book.sent('a', model).failed(failure, null);
  const hold = (model = MODEL) => book.hold('a', model);
  /** Waits until requests may be sent again; answers how long that took. */
  const waitOut = (model = MODEL): number => {
    const startedAt = clock.now();
    for (let held = hold(model); held !== null; held = hold(model)) clock.reach(held.until);
    return clock.now() - startedAt;
  };
  return { book, changes, clock, fail, hold, waitOut };
}

const cooldown = (changes: Partial<Cooldown> = {}): Cooldown => ({
  modelRef: null,
  class: 'QUOTA_EXHAUSTED',
  since: START,
  until: START + HOUR,
  failures: 1,
  ...changes,
});
const began = (changes: Partial<Cooldown> = {}): CooldownChange => ({
  kind: 'began',
  connectionId: 'a',
  cooldown: cooldown(changes),
  message: '',
});
const restoredWith = (book: CooldownBook, cooldowns: readonly Cooldown[], cooldownsClearedAt = 0): void =>
  book.restore([{ id: 'a', cooldowns, cooldownsClearedAt }]);

describe('what a failure keeps away', () => {
  it('is the whole connection for a wall, and nothing else', () => {
    const { book, fail, hold } = setUp();
    fail(failing('QUOTA_EXHAUSTED', { retryAt: START + HOUR }));
    expect(hold()).toMatchObject({ class: 'QUOTA_EXHAUSTED', soft: false });
    expect(hold(OTHER_MODEL)).toMatchObject({ class: 'QUOTA_EXHAUSTED' });
    expect(book.hold('b', MODEL)).toBeNull();
  });

  it('is one model when the words say so, or when only that model is meant', () => {
    for (const failure of [failing('RATE_LIMITED', { scope: 'MODEL' }), failing('MODEL_NOT_FOUND')]) {
      const { fail, hold } = setUp();
      fail(failure);
      expect([hold()?.class, hold(OTHER_MODEL)]).toEqual([failure.class, null]);
    }
  });

  it.each([
    'INVALID_REQUEST',
    'CONTEXT_LENGTH',
    'CONTENT_POLICY',
    'CLIENT_REFUSED',
    'CANCELLED',
    'INTERRUPTED',
  ] as const)('is nothing after %s: that is about the request alone', (failureClass) => {
    const { changes, fail, hold } = setUp();
    for (let count = 0; count < 10; count++) fail(failing(failureClass, { retryAt: START + HOUR }));
    expect([hold(), changes]).toEqual([null, []]);
  });

  it('lasts as long as the provider says, then as long as its quota says, then a pause that grows', () => {
    const stated = setUp();
    stated.book
      .sent('a', MODEL)
      .failed(failing('QUOTA_EXHAUSTED', { retryAt: START + 3 * HOUR }), START + DAY);
    const known = setUp();
    known.book.sent('a', MODEL).failed(failing('QUOTA_EXHAUSTED'), START + DAY);
    const unknown = setUp();
    unknown.fail(failing('QUOTA_EXHAUSTED'));
    const lengths = [stated, known, unknown].map(({ changes: [change] }) =>
      change?.kind === 'began' ? change.cooldown.until - START : null,
    );
    expect(lengths).toEqual([3 * HOUR, DAY, 15 * MINUTE]);
  });

  it('is not believed to last a week because of a fault or of a rate', () => {
    for (const [failureClass, longest] of [
      ['UPSTREAM_ERROR', HOUR],
      ['RATE_LIMITED', DAY],
    ] as const) {
      const { fail, waitOut } = setUp();
      fail(failing(failureClass, { retryAt: START + 7 * DAY }));
      expect(waitOut()).toBeLessThanOrEqual(longest + RETURN_SPREAD_MAX_MS);
    }
  });

  it('is not passed by a time to retry that is now or over', () => {
    const { fail, waitOut } = setUp();
    fail(failing('RATE_LIMITED', { retryAt: START }));
    expect(waitOut()).toBeGreaterThanOrEqual(5 * SECOND);
  });

  it('takes more than one fault in a row, and a success in between starts the count anew', () => {
    const { book, fail, hold } = setUp();
    const fault = failing('UPSTREAM_ERROR');
    fail(fault);
    fail(fault);
    book.sent('a', MODEL).succeeded();
    fail(fault);
    fail(fault);
    expect(hold()).toBeNull();
    fail(fault);
    expect(hold()).toMatchObject({ class: 'UPSTREAM_ERROR', soft: true });
  });

  it('is a refusal, not a fault, when both the connection and the model are held', () => {
    const { fail, hold } = setUp();
    for (let count = 0; count < 3; count++) fail(failing('UPSTREAM_ERROR', { retryAt: START + HOUR }));
    fail(failing('RATE_LIMITED', { retryAt: START + MINUTE }));
    expect(hold()).toMatchObject({ class: 'RATE_LIMITED', soft: false });
    expect(hold()?.until).toBeGreaterThanOrEqual(START + HOUR);
  });
});

describe('requests that fail together', () => {
  it('count once, whether they are faults or walls', () => {
    for (const failureClass of ['UPSTREAM_ERROR', 'RATE_LIMITED'] as const) {
      const { book, changes } = setUp();
      const together = Array.from({ length: 50 }, () => book.sent('a', MODEL));
      for (const trial of together) trial.failed(failing(failureClass), null);
      const failures = changes.map((change) => change.kind === 'began' && change.cooldown.failures);
      expect(failures).toEqual(failureClass === 'RATE_LIMITED' ? [1] : []);
    }
  });

  it('leave the longest wall standing', () => {
    const { book, hold } = setUp();
    const together = Array.from({ length: 3 }, () => book.sent('a', MODEL));
    together[0]?.failed(failing('RATE_LIMITED'), null);
    together[1]?.failed(failing('QUOTA_EXHAUSTED', { retryAt: START + HOUR }), null);
    together[2]?.failed(failing('RATE_LIMITED'), null);
    expect(hold()?.class).toBe('QUOTA_EXHAUSTED');
  });

  it('do not end what one of them hit by succeeding', () => {
    const { book, hold } = setUp();
    const early = book.sent('a', MODEL);
    book.sent('a', MODEL).failed(failing('QUOTA_EXHAUSTED', { retryAt: START + HOUR }), null);
    early.succeeded();
    expect(hold()?.class).toBe('QUOTA_EXHAUSTED');
  });
});

describe('coming back', () => {
  it('is for one request, and the others wait for what it finds', () => {
    const { book, fail, hold, waitOut } = setUp();
    fail(failing('RATE_LIMITED'));
    waitOut();
    const probe = book.sent('a', MODEL);
    expect(hold()?.class).toBe('RATE_LIMITED');
    probe.succeeded();
    expect(hold()).toBeNull();
  });

  it('is given to another request when the first one tells nothing, or nothing for long', () => {
    const { book, clock, fail, hold, waitOut } = setUp();
    fail(failing('RATE_LIMITED'));
    waitOut();
    book.sent('a', MODEL).unclear();
    expect(hold()).toBeNull();
    const silent = book.sent('a', MODEL);
    expect(hold()).not.toBeNull();
    clock.pass(PROBE_PATIENCE_MS);
    expect(hold()).toBeNull();
    book.sent('a', MODEL);
    silent.unclear();
    expect(hold()).not.toBeNull();
  });

  it('is put off further each time it fails, and at once again after a success', () => {
    const { book, fail, waitOut } = setUp();
    const pauses: number[] = [];
    for (let count = 0; count < 9; count++) {
      fail(failing('RATE_LIMITED'));
      pauses.push(Math.round(waitOut() / SECOND));
    }
    for (const [index, length] of [5, 10, 20, 40, 80, 160, 300, 300, 300].entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(length);
      expect(pauses[index]).toBeLessThanOrEqual(length * 1.1);
    }
    book.sent('a', MODEL).succeeded();
    fail(failing('RATE_LIMITED'));
    expect(waitOut()).toBeLessThanOrEqual(5.5 * SECOND);
  });

  it('is not in the same millisecond for every gateway, but the same every time for each', () => {
    const returns = (): number[] =>
      Array.from({ length: 10 }, (_, index) => {
        const { fail, waitOut } = setUp(fakeClock(), `gateway-${index}`);
        fail(failing('QUOTA_EXHAUSTED', { retryAt: START + HOUR }));
        return waitOut();
      });
    expect(new Set(returns()).size).toBeGreaterThan(8);
    expect(returns()).toEqual(returns());
    for (const length of returns()) {
      expect(length).toBeGreaterThanOrEqual(HOUR);
      expect(length).toBeLessThanOrEqual(HOUR + RETURN_SPREAD_MAX_MS);
    }
  });

  test('a provider that says FAIR_USE sees a handful of requests a day, however many are wanted', () => {
    const { book, clock } = setUp();
    let sent = 0;
    for (; clock.now() < START + DAY; clock.pass(SECOND)) {
      for (let parallel = 0; parallel < 5; parallel++) {
        if (book.hold('a', MODEL) !== null) break;
        sent++;
        book.sent('a', MODEL).failed(failing('FAIR_USE'), null);
      }
    }
    expect(sent).toBeLessThanOrEqual(5);
  });

  test('after any history a success ends whatever was held, and leaves nothing behind', () => {
    const random = seeded(7);
    for (let history = 0; history < 200; history++) {
      const { book, changes, clock, hold, waitOut } = setUp();
      const open: ReturnType<CooldownBook['sent']>[] = [];
      for (let step = 0; step < 30; step++) {
        const failureClass = FAILURE_CLASSES[Math.floor(random() * FAILURE_CLASSES.length)] ?? 'NETWORK';
        const retryAt = random() < 0.3 ? clock.now() + random() * HOUR : null;
        open.push(book.sent('a', random() < 0.5 ? MODEL : OTHER_MODEL));
        if (random() < 0.7) open.shift()?.failed(failing(failureClass, { retryAt }), null);
        clock.pass(random() * 10 * MINUTE);
      }
      waitOut();
      book.sent('a', MODEL).succeeded();
      expect(hold()).toBeNull();
      const state = new Map<string | null, string>();
      for (const change of changes)
        state.set(change.kind === 'began' ? change.cooldown.modelRef : change.modelRef, change.kind);
      expect([state.get(null) ?? 'ended', state.get(MODEL) ?? 'ended']).toEqual(['ended', 'ended']);
    }
  });
});

describe('what others say', () => {
  it('holds here too, and its end ends it here too', () => {
    const clock = fakeClock();
    const [one, other] = [setUp(clock, 'one'), setUp(clock, 'other')];
    one.fail(failing('QUOTA_EXHAUSTED', { retryAt: START + HOUR }));
    for (const change of one.changes) other.book.learn(change);
    expect(other.hold()?.class).toBe('QUOTA_EXHAUSTED');
    one.waitOut();
    one.book.sent('a', MODEL).succeeded();
    for (const change of one.changes) other.book.learn(change);
    expect([other.hold(), other.changes]).toEqual([null, []]);
  });

  it('is not passed on again', () => {
    const { book, changes } = setUp();
    book.learn(began());
    restoredWith(book, [cooldown({ since: START + 1 })]);
    expect(changes).toEqual([]);
  });

  it('is stale when it is older than a success here', () => {
    const { book, clock, hold, waitOut } = setUp();
    book.learn(began({ until: START + MINUTE }));
    waitOut();
    book.sent('a', MODEL).succeeded();
    clock.pass(MINUTE);
    book.learn(began({ since: START + 1, until: START + DAY }));
    restoredWith(book, [cooldown({ since: START + 1, until: START + DAY })]);
    expect(hold()).toBeNull();
  });

  it('does not end what began after it', () => {
    const { book, hold } = setUp();
    book.learn(began({ since: START + 10 }));
    book.learn({ kind: 'ended', connectionId: 'a', modelRef: null, at: START + 9 });
    expect(hold()).not.toBeNull();
  });

  it('makes the next pause longer as well', () => {
    const { book, fail, waitOut } = setUp();
    book.learn(began({ class: 'FAIR_USE', until: START + 4 * HOUR, failures: 3 }));
    waitOut();
    fail(failing('FAIR_USE'));
    expect(waitOut()).toBeGreaterThanOrEqual(8 * HOUR);
  });
});

describe('the snapshot', () => {
  it('brings back after a restart what it holds', () => {
    const { book, hold } = setUp();
    restoredWith(book, [cooldown(), cooldown({ modelRef: OTHER_MODEL, until: START + 2 * HOUR })]);
    expect(hold()?.class).toBe('QUOTA_EXHAUSTED');
    expect(hold(OTHER_MODEL)?.until).toBeGreaterThanOrEqual(START + 2 * HOUR);
  });

  it('ends what it held before and holds no longer, and nothing it has not heard of yet', () => {
    const { book, fail, hold } = setUp();
    restoredWith(book, [cooldown({ since: START - 1 })]);
    fail(failing('MODEL_NOT_FOUND'), OTHER_MODEL);
    restoredWith(book, []);
    expect(hold()).toBeNull();
    expect(hold(OTHER_MODEL)?.class).toBe('MODEL_NOT_FOUND');
  });

  it('with word of a clearing forgets at once whatever began before it, and what others still say about that', () => {
    const { book, clock, fail, hold } = setUp();
    fail(failing('FAIR_USE'));
    fail(failing('MODEL_NOT_FOUND'), OTHER_MODEL);
    clock.pass(SECOND);
    restoredWith(book, [], clock.now());
    expect([hold(), hold(OTHER_MODEL)]).toEqual([null, null]);
    book.learn(began({ since: START, until: START + DAY }));
    expect(hold()).toBeNull();
    clock.pass(1);
    fail(failing('FAIR_USE'));
    expect(hold()?.class).toBe('FAIR_USE');
  });

  it('does not keep a clearing from starting the pauses anew', () => {
    const { book, clock, fail, waitOut } = setUp();
    for (let count = 0; count < 3; count++) {
      fail(failing('FAIR_USE'));
      waitOut();
    }
    restoredWith(book, [], clock.now());
    clock.pass(1);
    fail(failing('FAIR_USE'));
    expect(waitOut()).toBeLessThanOrEqual(HOUR + RETURN_SPREAD_MAX_MS);
  });
});

it('remembers a bounded number of failures', () => {
  const { book } = setUp();
  for (let index = 0; index <= COOLDOWNS_REMEMBERED_MAX; index++) {
    book.sent(`c${index}`, MODEL).failed(failing('FAIR_USE'), null);
  }
  expect(book.hold('c0', MODEL)).toBeNull();
  expect(book.hold('c1', MODEL)).not.toBeNull();
});

/** The same random numbers every time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
