/** Simulated providers that keep the true windows of their plans and refuse what is over. */
import type { UpstreamFailure } from '../../src/domain/failure.js';
import type { QuotaReading } from '../../src/domain/quota.js';
import type { QuotaUnit } from '../../src/domain/vocabulary.js';
import { DAY, HOUR, WEEK } from './time.js';

/** What one request takes: fresh and cached input, and output. */
export interface Tokens {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
}

export interface PlanDescription {
  readonly id: string;
  readonly provider: string;
  readonly offering: string;
  readonly model: string;
  readonly unit: QuotaUnit;
  /** In `unit`. */
  readonly fiveHours: number;
  readonly week: number;
  readonly chargeOf: (tokens: Tokens) => number;
  /** Whether a refusal says when the window starts afresh. */
  readonly statesReset: boolean;
}

/** A week of a plan that is over. */
export interface WeekUsed {
  readonly planId: string;
  readonly endedAt: number;
  readonly usedFraction: number;
  /** When a request was first refused for want of it; null when none was. */
  readonly exhaustedAt: number | null;
}

export interface SimulatedPlan {
  readonly description: PlanDescription;
  /** Null when it answers. */
  call(tokens: Tokens, now: number): UpstreamFailure | null;
  /** Whether it would answer. */
  hasRoom(now: number): boolean;
  /** What its quota endpoint says. */
  read(now: number): readonly QuotaReading[];
  /** Weeks that began and ended while it was watched. */
  weeks(now: number): readonly WeekUsed[];
}

const FIVE_HOURS = 5 * HOUR;

/** `from` is when it is first watched, `weekEndsAt` the end of the week that runs then. */
export function simulatePlan(description: PlanDescription, from: number, weekEndsAt: number): SimulatedPlan {
  const ended: WeekUsed[] = [];
  let week = { endsAt: weekEndsAt, used: 0, exhaustedAt: null as number | null };
  /** Opens with the first request after the one before is over. */
  let short = { endsAt: from, used: 0 };

  const roll = (now: number): void => {
    while (now >= week.endsAt) {
      const { endsAt, used, exhaustedAt } = week;
      const whole = endsAt - WEEK >= from;
      if (whole) {
        const usedFraction = Math.min(1, used / description.week);
        ended.push({ planId: description.id, endedAt: endsAt, usedFraction, exhaustedAt });
      }
      week = { endsAt: endsAt + WEEK, used: 0, exhaustedAt: null };
    }
    if (now >= short.endsAt) short = { endsAt: short.endsAt, used: 0 };
  };
  const refusal = (what: string, resetsAt: number): UpstreamFailure => ({
    class: 'QUOTA_EXHAUSTED',
    httpStatus: 429,
    message: `You have used up your ${what}.`,
    retryAt: description.statesReset ? resetsAt : null,
  });
  const reading = (name: string, length: number, limit: number, used: number, at: number): QuotaReading => ({
    name,
    windowSeconds: length / 1_000,
    unit: description.unit,
    limit,
    used,
    // Providers round to whole percents.
    usedFraction: Math.min(1, Math.round((used / limit) * 100) / 100),
    resetsAt: null,
    source: 'REPORTED',
    observedAt: at,
  });

  return {
    description,
    call(tokens, now) {
      roll(now);
      if (week.used >= description.week) {
        week.exhaustedAt ??= now;
        return refusal('weekly limit', week.endsAt);
      }
      if (short.used >= description.fiveHours) return refusal('5-hour limit', short.endsAt);
      // What a request takes is known when it is over: the last one goes beyond the limit.
      const charge = description.chargeOf(tokens);
      if (short.used === 0) short = { endsAt: now + FIVE_HOURS, used: 0 };
      week.used += charge;
      short.used += charge;
      return null;
    },
    hasRoom(now) {
      roll(now);
      return week.used < description.week && short.used < description.fiveHours;
    },
    read(now) {
      roll(now);
      const { fiveHours, week: weekly } = description;
      const shortEndsAt = now < short.endsAt ? short.endsAt : null;
      return [
        { ...reading('5h', FIVE_HOURS, fiveHours, short.used, now), resetsAt: shortEndsAt },
        { ...reading('weekly', 7 * DAY, weekly, week.used, now), resetsAt: week.endsAt },
      ];
    },
    weeks(now) {
      roll(now);
      return ended;
    },
  };
}
