import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bound, Counter, Unseeded, WindowCounter } from '../../../src/admission/counter.js';
import { createCounterBook } from '../../../src/admission/counter-book.js';
import type { Clock } from '../../../src/domain/clock.js';
import { NO_SCOPE, windowAt } from '../../../src/domain/limits.js';

const START = Date.UTC(2026, 10, 22, 12, 0, 0);

function clockAt(start = START): Clock & { advance(ms: number): void } {
  let now = start;
  return {
    now: () => now,
    monotonic: () => now,
    advance(ms) {
      now += ms;
    },
  };
}

const budget: WindowCounter = {
  kind: 'WINDOW',
  workspaceId: 'ws_1',
  metric: 'COST_USD',
  scope: { ...NO_SCOPE, accessKeyId: 'key_1' },
  ...windowAt(START, 'DAY'),
};
const perMinute = { kind: 'MINUTE', metric: 'TOKENS', accessKeyId: 'key_1' } as const;
const running = { kind: 'RUNNING', accessKeyId: 'key_1' } as const;

function asking(id: string, ...bounds: Bound[]) {
  return { id, bounds, unseeded: false };
}
const of = (counter: Counter, max: number, amount: number): Bound => ({ counter, max, amount });

describe('counting', () => {
  it('admits exactly as many of twenty requests at once as a budget of five holds', () => {
    const book = createCounterBook({ clock: clockAt(), fromNothing: true });
    const answers = Array.from({ length: 20 }, (_, i) =>
      book.reserve('a', asking(`r${i}`, of(budget, 5, 1))),
    );
    expect(answers.filter(({ kind }) => kind === 'RESERVED')).toHaveLength(5);
    expect(answers[5]).toMatchObject({ kind: 'REFUSED', bound: 0, held: true });
  });

  it('says when a spent budget resets, and that nobody holds it', () => {
    const book = createCounterBook({ clock: clockAt(), fromNothing: true });
    book.reserve('a', asking('r', of(budget, 5, 1)));
    book.settle({ id: 'r', at: START, amounts: [{ counter: budget, amount: 5 }] });
    expect(book.reserve('a', asking('s', of(budget, 5, 1)))).toEqual({
      kind: 'REFUSED',
      bound: 0,
      retryAt: budget.to,
      held: false,
    });
  });

  it('lets what is left be used by one request whose estimate is larger', () => {
    const book = createCounterBook({ clock: clockAt(), fromNothing: true });
    expect(book.reserve('a', asking('r', of(budget, 5, 9))).kind).toBe('RESERVED');
    expect(book.reserve('a', asking('s', of(budget, 5, 1))).kind).toBe('REFUSED');
    book.settle({ id: 'r', at: START, amounts: [{ counter: budget, amount: 2 }] });
    expect(book.reserve('a', asking('s', of(budget, 5, 1))).kind).toBe('RESERVED');
  });

  it('sets aside all bounds or none', () => {
    const book = createCounterBook({ clock: clockAt(), fromNothing: true });
    book.reserve('a', asking('r', of(running, 1, 1)));
    book.reserve('a', asking('s', of(budget, 5, 4), of(running, 1, 1)));
    expect(book.standing(budget)).toEqual({ used: 0, reserved: 0 });
  });

  it('holds a rate in any sixty seconds, not in minutes of the clock only', () => {
    const clock = clockAt(START + 59_000);
    const book = createCounterBook({ clock, fromNothing: true });
    const ask = (id: string) => book.reserve('a', asking(id, of(perMinute, 100, 60)));
    expect(ask('r').kind).toBe('RESERVED');
    clock.advance(2_000);
    const refused = ask('s');
    expect(refused).toMatchObject({ kind: 'REFUSED', held: false });
    clock.advance(60_000);
    expect(ask('t').kind).toBe('RESERVED');
    const until = refused.kind === 'REFUSED' ? refused.retryAt : 0;
    expect(until).toBeGreaterThanOrEqual(START + 59_000 + 60_000);
    expect(until).toBeLessThanOrEqual(START + 59_000 + 60_250);
  });

  it('puts the real figure into the minute in which a request was admitted', () => {
    const clock = clockAt();
    const book = createCounterBook({ clock, fromNothing: true });
    book.reserve('a', asking('r', of(perMinute, 100, 90)));
    clock.advance(30_000);
    book.settle({ id: 'r', at: clock.now(), amounts: [{ counter: perMinute, amount: 20 }] });
    expect(book.standing(perMinute).used).toBe(20);
    clock.advance(30_250);
    expect(book.standing(perMinute).used).toBe(0);
  });

  it('leaks nothing when an owner dies, and takes what the recorder finds out about its requests once', () => {
    const book = createCounterBook({ clock: clockAt(), fromNothing: true });
    book.reserve('dead', asking('r', of(budget, 5, 4), of(running, 1, 1)));
    book.reserve('alive', asking('s', of(budget, 5, 1)));
    book.release('dead');
    expect(book.standing(budget)).toEqual({ used: 0, reserved: 1 });
    expect(book.standing(running).reserved).toBe(0);
    const found = { id: 'r', at: START, amounts: [{ counter: budget, amount: 3 }] };
    book.settle(found);
    book.settle(found);
    expect(book.standing(budget)).toEqual({ used: 3, reserved: 1 });
  });

  it('waits for what was recorded before, adds it once, and goes ahead without it when told to', () => {
    const asked: Unseeded[] = [];
    const book = createCounterBook({ clock: clockAt(), onUnseeded: (one) => asked.push(one) });
    expect(book.reserve('a', asking('r', of(budget, 5, 1))).kind).toBe('UNSEEDED');
    expect(asked).toEqual([{ counter: budget, since: START }]);
    expect(book.unseeded()).toEqual(asked);
    expect(book.reserve('a', { ...asking('r', of(budget, 5, 1)), unseeded: true }).kind).toBe('RESERVED');
    book.seed({ counter: budget, amount: 4 });
    book.seed({ counter: budget, amount: 4 });
    expect(book.standing(budget)).toEqual({ used: 4, reserved: 1 });
    expect(book.reserve('a', asking('s', of(budget, 5, 1))).kind).toBe('REFUSED');
  });

  it('counts a request in the window in which it ended', () => {
    const clock = clockAt(budget.to - 1);
    const book = createCounterBook({ clock, fromNothing: true });
    const next: WindowCounter = { ...budget, ...windowAt(budget.to, 'DAY') };
    book.reserve('a', asking('r', of(budget, 5, 2)));
    clock.advance(10);
    book.settle({ id: 'r', at: clock.now(), amounts: [{ counter: next, amount: 3 }] });
    expect(book.standing(budget)).toEqual({ used: 0, reserved: 0 });
    expect(book.standing(next)).toEqual({ used: 3, reserved: 0 });
  });

  it('never exceeds a budget by more than one request, whatever begins, ends and dies in whatever order', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('ask' as const), estimate: fc.integer({ min: 1, max: 40 }) }),
      fc.record({
        kind: fc.constant('end' as const),
        pick: fc.nat(),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.record({ kind: fc.constant('die' as const), owner: fc.integer({ min: 0, max: 2 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 100 }), (steps, max) => {
        const clock = clockAt();
        const book = createCounterBook({ clock, fromNothing: true });
        const open = new Map<string, { owner: string; estimate: number }>();
        let largest = 0;
        for (const [i, one] of steps.entries()) {
          clock.advance(7);
          if (one.kind === 'ask') {
            const owner = `o${i % 3}`;
            const { kind } = book.reserve(owner, asking(`r${i}`, of(budget, max, one.estimate)));
            if (kind === 'RESERVED') {
              open.set(`r${i}`, { owner, estimate: one.estimate });
              largest = Math.max(largest, one.estimate);
            }
          } else if (one.kind === 'end' && open.size > 0) {
            const [id, { estimate }] = [...open][one.pick % open.size] ?? ['', { estimate: 0 }];
            open.delete(id);
            const amount = Math.round(estimate * one.share);
            book.settle({ id, at: clock.now(), amounts: [{ counter: budget, amount }] });
          } else if (one.kind === 'die') {
            book.release(`o${one.owner}`);
            for (const [id, { owner }] of open) if (owner === `o${one.owner}`) open.delete(id);
          }
          const { used, reserved } = book.standing(budget);
          expect(reserved).toBe([...open.values()].reduce((sum, { estimate }) => sum + estimate, 0));
          expect(used + reserved).toBeLessThan(max + Math.max(largest, 1));
        }
      }),
      { numRuns: 300 },
    );
  });
});
