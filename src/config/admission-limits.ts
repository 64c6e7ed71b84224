/** Numbers that bound admission, access keys, usage limits and webhooks, with their reasons. Units are in the names. */

/** Counters of windows that are over, and of minutes in which nothing happened, are forgotten this often. */
export const ADMISSION_SWEEP_MS = 60_000;

/** Requests of a gateway that died, remembered until the recorder says what they used: more than one gateway serves at a time. */
export const ADMISSION_ORPHANS_MAX = 10_000;

/**
 * How long a request waits while what others set aside stands between it and a budget, and how often it looks: answers take
 * seconds, and what comes back is often most of what was set aside.
 */
export const ADMISSION_WAIT_MS = 5_000;
export const ADMISSION_LOOK_MS = 25;

/** How long a request waits until it is known what was used before counting began; then it goes ahead without. */
export const ADMISSION_SEED_WAIT_MS = 1_000;

/** Where counts are kept answers within a millisecond; past this the request is served uncounted rather than held up. */
export const ADMISSION_ANSWER_TIMEOUT_MS = 1_000;

/** What a gateway set aside in Redis lapses this long after its last word, which it renews three times as often. */
export const ADMISSION_LEASE_MS = 15_000;

/** Ends of requests that Redis has not confirmed, kept to be said again: what a node serves while Redis is away for minutes. */
export const ADMISSION_UNSENT_MAX = 10_000;

/** Grace for the old plaintext of a rotated key: a week is enough to change every copy of it. */
export const KEY_GRACE_MAX_SECONDS = 604_800;

/** Largest rates and concurrency of a key: more than one gateway serves. */
export const KEY_RATE_MAX = 2_000_000_000;
export const KEY_CONCURRENCY_MAX = 100_000;

/** Tags of a key, and the length of one: words that reports are grouped by. */
export const KEY_TAGS_MAX = 20;
export const KEY_TAG_MAX_CHARS = 50;

/** Limits of a workspace: each is measured whenever usage was recorded. */
export const USAGE_LIMITS_MAX = 100;

/** Commits wait this long for company before limits are measured again. */
export const LIMITS_QUIET_MS = 100;

/** How often limits are measured without any word of usage: another node may have recorded some, or a window ended. */
export const LIMITS_REFRESH_MS = 15_000;

/** Webhooks of a workspace. */
export const WEBHOOKS_MAX = 20;

/** Time a webhook has to answer. */
export const WEBHOOK_TIMEOUT_MS = 10_000;

/** A message is tried this often, with pauses from the shortest doubled up to the longest: two days in all. */
export const WEBHOOK_ATTEMPTS_MAX = 12;
export const WEBHOOK_BACK_OFF = { minMs: 5_000, maxMs: 12 * 3_600_000 };

/** How often nodes look for messages that are due, how many they send at once, and how long one is trusted to be at it. */
export const WEBHOOK_CHECK_MS = 1_000;
export const WEBHOOK_BATCH = 8;
export const WEBHOOK_LEASE_MS = 30_000;

/** Deliveries that are kept of each webhook for whoever looks. */
export const WEBHOOK_DELIVERIES_KEPT = 100;
