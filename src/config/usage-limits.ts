/** Numbers that bound how usage is kept, with their reasons: journal, recorder, partitions, reports and exports. */

/** Events priced anew in one transaction; the recorder waits for it. */
export const REPRICE_BATCH_MAX_EVENTS = 500;

/** Journal segments rotate at this size, so that committed ones can go soon. */
export const JOURNAL_SEGMENT_MAX_BYTES = 16 * 1024 * 1024;

/** With a small JOURNAL_MAX_BYTES or many gateways segments are smaller: each gateway's is at most this part of its share. */
export const JOURNAL_SEGMENTS_PER_WRITER_MIN = 8;

/** Below this, rotating would cost more than writing. */
export const JOURNAL_SEGMENT_MIN_BYTES = 64 * 1024;

/** Journal segments also rotate at this age, so that those of a quiet gateway are committed and go as well. */
export const JOURNAL_SEGMENT_MAX_AGE_MS = 60_000;

/** With this many segments waiting, age rotates no more: a database that is away for days must not leave thousands of files. */
export const JOURNAL_AGED_SEGMENTS_MAX = 16;

/** Least JOURNAL_MAX_BYTES: some 40,000 requests, a quarter of an hour at 40 a second. */
export const JOURNAL_SIZE_MIN_BYTES = 64 * 1024 * 1024;

/** Default of JOURNAL_MAX_BYTES: over a million requests, a night without the database at 30 a second, on any disk to be had. */
export const JOURNAL_SIZE_DEFAULT_BYTES = 2 * 1024 * 1024 * 1024;

/** Part of JOURNAL_MAX_BYTES in use at which health says so: time enough to act before anything is lost. */
export const JOURNAL_FULLNESS_DEGRADED = 0.5;

/** With JOURNAL_FSYNC=interval a host crash loses this much: less than an operator would notice, rare enough to cost nothing. */
export const JOURNAL_SYNC_INTERVAL_MS = 1_000;

/** How often a gateway looks whether there is news of its journal to tell. */
export const JOURNAL_TROUBLE_CHECK_MS = 500;

/** Records a gateway holds in memory while its disk refuses writes; about 20 MiB. Past it the oldest are lost, counted. */
export const JOURNAL_PENDING_MAX_RECORDS = 20_000;

/** Largest journal record. Real ones are about 1 KiB; a length beyond this in a segment can only be damage. */
export const JOURNAL_RECORD_MAX_BYTES = 1024 * 1024;

/** Ways passed over that are recorded with a request: as many as a long tier has; 150 bytes each. */
export const PASSED_OVER_MAX = 20;

/** Pause between attempts to write the journal while its disk refuses: short enough to lose little once there is room. */
export const JOURNAL_RETRY_MS = 250;

/** How often committed segments that are kept for a replay are looked at for ones whose time is over. */
export const JOURNAL_SWEEP_MS = 10 * 60_000;

/** How often the recorder looks for new records: well inside the half second a subscriber waits at most. */
export const JOURNAL_POLL_MS = 40;

/** Events committed in one transaction while there is a backlog: past it a commit gets longer, not cheaper per event. */
export const RECORDER_BATCH_MAX_EVENTS = 2_000;

/** Requests read from the journal at a stretch, a few milliseconds of the event loop that subscribers share. */
export const RECORDER_READ_MAX_EVENTS = 100;

/** Pause of the recorder while the database is away, doubled up to the longest and spread so that nodes do not return at once. */
export const RECORDER_BACK_OFF = { minMs: 50, maxMs: 5_000 };

/** With the embedded database, which does not fsync, committed segments are kept this long and replayed at start. */
export const JOURNAL_REPLAY_WINDOW_MS = 24 * 3_600_000;

/** Days individual usage events are kept unless USAGE_RETENTION_DAYS says otherwise; rollups are kept for good. */
export const USAGE_RETENTION_DAYS_DEFAULT = 90;

/** Most of them. Every day is a partition, and a statement that looks at all of them is planned over all of them. */
export const USAGE_RETENTION_DAYS_MAX = 1_100;

/** Days that ended quota windows are kept, a few rows a day and plan: a report over a year, with time to make it. */
export const PAST_QUOTA_WINDOW_DAYS = 400;

/** Days that partitions are made ahead: a node that cannot make any for days still has a place for what it records. */
export const PARTITIONS_AHEAD_DAYS = 4;

/** How often partitions are made and dropped, and the pause after it failed, as when a long read held one. */
export const RETENTION_INTERVAL_MS = 24 * 3_600_000;
export const RETENTION_RETRY_MS = 5 * 60_000;

/** Stored events read at once while a subscriber's past is replayed to it. */
export const USAGE_REPLAY_PAGE = 200;

/**
 * Events looked at for each one of a filtered page before sums and index are asked where the rest lies: a filter that one in
 * fifty passes is answered so, in the time the other way takes anyway.
 */
export const USAGE_PAGE_SCANNED_PER_EVENT = 50;

/** Groups in the sums a subscriber follows, and most that a report may ask for. */
export const USAGE_GROUPS_MAX = 100;

/**
 * Events queued for a subscriber that reads slowly: two of the largest batches, as one comes all at once also to those who
 * read fast. An event is held once for all who wait for it, so that a hundred that stopped reading hold a few megabytes.
 */
export const MAILBOX_CAPACITY = 4_096;

/** Least and most time between messages of running totals. */
export const TOTALS_INTERVAL_MIN_MS = 250;
export const TOTALS_INTERVAL_MAX_MS = 60_000;

/** Days that one call may create usage partitions for; a range beyond it comes from a clock that is wrong. */
export const PARTITION_RANGE_MAX_DAYS = 400;

/** How long dropping a partition may wait for readers, because every other reader and writer waits behind it. */
export const PARTITION_LOCK_TIMEOUT_MS = 500;

/** Longest ranges of usage reports: enough hours for a quarter, enough days for five years. */
export const REPORT_DAYS_MAX_BY_HOUR = 92;
export const REPORT_DAYS_MAX = 5 * 366;

/** How often the last use of access keys is written: it is promised to the minute. */
export const KEY_ACTIVITY_WRITE_MS = 20_000;

/** How often a node looks for usage that others committed without its hearing of it: messages between nodes may get lost. */
export const USAGE_ARRIVALS_POLL_MS = 5_000;

/** The same while Redis or the connection that listens is away: what others say then takes this long to be found. */
export const USAGE_ARRIVALS_POLL_DEGRADED_MS = 1_000;

/** Recorded usage of other nodes read at once, for all subscribers of a node together. */
export const USAGE_ARRIVALS_PAGE = 500;

/** Connections told apart in a report on savings: far above what any workspace has. */
export const SAVINGS_GROUPS_MAX = 10_000;

/** Rows of an export read at once; one page of each running export is held in memory, about a megabyte. */
export const EXPORT_PAGE_ROWS = 1_000;

/** Exports that run at once; each keeps the database busy for as long as it runs. */
export const EXPORTS_MAX = 4;

/** An export that its reader takes nothing from for this long is given up. */
export const EXPORT_STALL_MS = 60_000;

/**
 * How far behind a subscriber of usage may be as long as it reads: what its mailbox forgot is read from storage for it. Enough
 * for what comes at once after a quarter of an hour without the database; who is further behind hears of everything too late.
 */
export const FOLLOWER_BEHIND_MAX_EVENTS = 100_000;
