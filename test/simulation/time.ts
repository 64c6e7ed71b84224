/** Lengths of time in milliseconds, and the Monday on which every simulation begins. */

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const WEEK = 7 * DAY;

/** Monday, 2 March 2026, 0:00 UTC. */
export const MONDAY = Date.UTC(2026, 2, 2);
