/** Numbers that bound routing, with their reasons: tiers, rules, cool-downs, affinity and quota. */

/** A change waits this long for company before the routing snapshot is rebuilt, and while more keep coming at most that long. */
export const SNAPSHOT_QUIET_MS = 20;
export const SNAPSHOT_DELAY_MAX_MS = 150;

/** The routing snapshot is rebuilt this often without any word of a change: another node may have made one. */
export const SNAPSHOT_REFRESH_MS = 30_000;

/** Pause after a failed rebuild of the routing snapshot, doubled up to the longest. */
export const SNAPSHOT_RETRY_MIN_MS = 100;
export const SNAPSHOT_RETRY_MAX_MS = 5_000;

/** Connections and models whose failures a gateway remembers; past it the oldest are forgotten and found out again. */
export const COOLDOWNS_REMEMBERED_MAX = 10_000;

/** Time others wait for the one request that finds out whether a cool-down is over; then another one finds out. */
export const PROBE_PATIENCE_MS = 30_000;

/** Gateways come back from a cool-down this far apart at most: enough not to arrive together, too little to be noticed. */
export const RETURN_SPREAD_MAX_MS = 2_000;

/** Changes of cool-downs wait this long for company before they are stored, and after a failure this long to the longest. */
export const COOLDOWN_WRITE_DELAY_MS = 50;
export const COOLDOWN_RETRY_MIN_MS = 500;
export const COOLDOWN_RETRY_MAX_MS = 10_000;

/** How long the end of a cool-down waits for a database that is away; by then the cool-down is mostly over by itself. */
export const COOLDOWN_END_KEPT_MS = 3_600_000;

/** Cool-downs shorter than this are over before another node could know of them. */
export const COOLDOWN_PUBLISHED_MIN_MS = 30_000;

/** How often cool-downs that are over are taken note of, and how long their rows are kept for whoever looks. */
export const COOLDOWN_SWEEP_MS = 5_000;
export const COOLDOWN_ROWS_KEPT_MS = 24 * 3_600_000;

/** Span of the error rate shown of a connection, and connections that one is kept for. */
export const ERROR_RATE_MINUTES = 15;
export const ERROR_RATES_MAX = 10_000;

/** Conversations whose place a gateway remembers; about 10 MiB. */
export const AFFINITIES_REMEMBERED_MAX = 50_000;

/** Prompt caches are gone after an hour at the latest: then any connection is as good. */
export const AFFINITY_TTL_MS = 3_600_000;

/** How long a request waits for Redis to say where its conversation is: far longer than it takes, too short to be noticed. */
export const AFFINITY_ANSWER_TIMEOUT_MS = 15;

/** A Redis that did not say in time is left alone for this long, so that not every request waits for it. */
export const AFFINITY_PAUSE_MS = 1_000;

/** Models through connections whose speed a gateway remembers, and for how long a measurement counts. */
export const LATENCIES_REMEMBERED_MAX = 10_000;
export const LATENCY_MEMORY_MS = 10 * 60_000;

/** How long a request waits for a place when all its connections are at their bound, and how many wait at a time. */
export const CONCURRENCY_WAIT_MS = 5_000;
export const CONCURRENCY_WAITING_MAX = 500;

/** Everything a request may take until its answer begins, over all attempts: past it clients give up by themselves. */
export const REQUEST_DEADLINE_MS = 600_000;

/** Tiers and rules of a workspace: as many as one call can put in order, and more than anybody can keep apart. */
export const TIERS_MAX = 100;
export const RULES_MAX = 100;

/** Targets of a tier: each is judged with every request. */
export const TARGETS_MAX = 20;

/** Attempts a tier may ask for: more would keep a caller waiting for what is down everywhere. */
export const TIER_ATTEMPTS_MAX = 10;

/** Says when a tier is for what: a paragraph. */
export const DESCRIPTION_MAX_CHARS = 500;

/** Name of a header and its value, as rules compare them; clients that mark their requests send a word. */
export const HEADER_NAME_MAX_CHARS = 100;
export const HEADER_VALUE_MAX_BYTES = 1024;

/** Models of a suggestion: enough for a plan, its spare and the metered way, few enough to be read at a glance. */
export const SUGGESTED_TARGETS_MAX = 5;

/** Changes wait this long for company before suggested targets are looked at again: discovery makes one per connection. */
export const SUGGESTIONS_QUIET_MS = 50;

/** How often nodes look for plans whose quota is due to be read. */
export const QUOTA_CHECK_MS = 5_000;

/** Plans read at once: enough to hide latency, and few calls to any one provider. */
export const QUOTA_CONCURRENCY = 8;

/** A provider that has not stated a plan's quota by then is asked again later. */
export const QUOTA_TIMEOUT_MS = 8_000;

/** How long a node that reads a plan's quota is trusted to be alive: longer than its calls may take together. */
export const QUOTA_LEASE_MS = 60_000;

/** Least time between two readings of a plan, however often somebody asks or a wall is hit. */
export const QUOTA_FLOOR_MS = 10_000;

/** What answers say about a plan in their headers is stored this often at most, and for so many connections is remembered when. */
export const QUOTA_HEADERS_INTERVAL_MS = 10_000;
export const QUOTA_HEADERS_REMEMBERED_MAX = 10_000;

/** Time between readings of a plan: the less is left, and the more it is used, the shorter. */
export const QUOTA_INTERVAL_NEARLY_FULL_MS = 60_000;
export const QUOTA_INTERVAL_FILLING_MS = 2 * 60_000;
export const QUOTA_INTERVAL_IN_USE_MS = 5 * 60_000;
export const QUOTA_INTERVAL_IDLE_MS = 15 * 60_000;
export const QUOTA_INTERVAL_UNUSED_MS = 30 * 60_000;

/** After a failed reading, doubled up to the longest. */
export const QUOTA_RETRY_MIN_MS = 60_000;
export const QUOTA_RETRY_MAX_MS = 3_600_000;

/** Plans without a quota that can be known are looked at this often, in case a new version knows more. */
export const QUOTA_UNKNOWN_INTERVAL_MS = 24 * 3_600_000;
