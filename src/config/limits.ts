/** Every number that bounds something, with its reason. Units are in the names. */

/** A request body beyond this is refused. Agents send up to a few MiB with images; providers cap near 32 MiB. */
export const REQUEST_BODY_MAX_BYTES = 32 * 1024 * 1024;

/** Longest model name that is kept of a request; the longest real one has under 100. */
export const REQUESTED_MODEL_MAX_CHARS = 300;

/** Most of a failed provider answer that is read to classify it; error bodies are a few hundred bytes. */
export const ERROR_BODY_MAX_BYTES = 64 * 1024;

/** Most of a non-streamed answer held for reading its usage. Larger answers pass through and are counted as unstated. */
export const ANSWER_CAPTURE_MAX_BYTES = 16 * 1024 * 1024;

/** Most of one server-sent frame held while it is incomplete; larger ones pass through unread. */
export const STREAM_FRAME_MAX_BYTES = 1024 * 1024;

/** Most tool calls of one answer stream that are translated, so that a provider without end cannot fill memory; real ones make tens. */
export const STREAM_TOOL_CALLS_MAX = 1_000;

/** The same for OpenAI's Responses, whose closing frame repeats the whole answer and much of the request. */
export const RESPONSES_FRAME_MAX_BYTES = 8 * 1024 * 1024;

/** Items and pieces of content in one answer; real ones have under a hundred. What a provider sends beyond is passed over. */
export const ANSWER_PARTS_MAX = 4_096;

/** A count of tokens is a number, for which an agent waits before it goes on; past this an estimate serves it better. */
export const COUNT_TOKENS_TIMEOUT_MS = 10_000;
export const COUNT_TOKENS_MAX_BYTES = 64 * 1024;

/**
 * Most of a stream held back before its first content. The opening frames of an answer are a few hundred bytes, except that
 * some repeat the whole request: past this bound what came is passed on, and with it the chance to ask another provider.
 */
export const STREAM_HEAD_MAX_BYTES = 64 * 1024;

/** Longest silence on an open stream. Proxies and clients cut connections after 30 to 60 s; one ping may be lost. */
export const STREAM_PING_MS = 15_000;

/** How long a closing frame waits for usage stated after it, where the frame is ours to write; providers send both at once. */
export const STREAM_AFTERWORD_MS = 1_000;

/** A body from this size is let go of once its answer began; below it the means to do so cost more than they save. */
export const BODY_RELEASED_MIN_BYTES = 64 * 1024;

/**
 * Thoughts remembered for callers that do not carry them. Conversations of agents pause for minutes, not for hours; a turn's
 * thoughts are a few KiB, so that the entries of some hundred conversations fit.
 */
export const REASONING_MEMORY_TTL_MS = 30 * 60_000;
export const REASONING_MEMORY_MAX_ENTRIES = 50_000;
export const REASONING_MEMORY_MAX_BYTES = 64 * 1024 * 1024;

/** Thoughts of one turn beyond this are not remembered: the longest budgets are under 100,000 tokens. */
export const REASONING_TURN_MAX_CHARS = 1024 * 1024;

/** Most of a provider's model list that is read: OpenRouter's, the largest known, is under 2 MiB. */
export const MODEL_LIST_MAX_BYTES = 16 * 1024 * 1024;

/** Pages of a model list that are read; Fireworks, the longest known, has under 10 of 200. A list beyond it has no end. */
export const MODEL_LIST_PAGES_MAX = 100;

/** A provider that has not listed its models by then is taken for down, so that it delays no other. */
export const MODEL_LIST_TIMEOUT_MS = 5_000;

/** A credential check the operator waits for. */
export const VERIFY_TIMEOUT_MS = 8_000;

/** Connections asked for their models at once: enough to hide latency, few enough for their lists to fit in memory. */
export const DISCOVERY_CONCURRENCY = 16;

/** Of these, connections of one provider: polite to it, and when it is dead it holds up no one else. */
export const DISCOVERY_CONCURRENCY_PER_PROVIDER = 2;

/** How long a node that runs a discovery is trusted to be alive; renewed three times as often while it works. */
export const DISCOVERY_LEASE_MS = 15_000;

/** How often nodes look for discoveries that are due, and for runs whose node died. */
export const DISCOVERY_CHECK_MS = 30_000;

/** The model catalogue changes by the day, and its file is under 4 MiB: four times that is still no burden. */
export const CATALOG_REFRESH_MS = 24 * 3_600_000;
export const CATALOG_MAX_BYTES = 16 * 1024 * 1024;
export const CATALOG_TIMEOUT_MS = 30_000;

/** Pause after a failed refresh of the catalogue: models.dev is back within hours or not needed that soon. */
export const CATALOG_RETRY_MS = 3_600_000;

/** Events priced anew in one transaction; the recorder waits for it. */
export const REPRICE_BATCH_MAX_EVENTS = 500;

/** Output asked of a messages provider that demands a bound, when nobody named one: what every model still offered there takes. */
export const MESSAGES_DEFAULT_OUTPUT_TOKENS = 8_192;

/** Parts of one answer stream that are followed at once; formats open one, parallel calls a handful. */
export const STREAM_OPEN_PARTS_MAX = 128;

/** Time to establish a connection to a provider. */
export const UPSTREAM_CONNECT_TIMEOUT_MS = 10_000;

/** Time until a provider's first byte. Reasoning models think for minutes before they answer. */
export const UPSTREAM_FIRST_BYTE_TIMEOUT_MS = 300_000;

/** Longest silence within an answer. */
export const UPSTREAM_IDLE_TIMEOUT_MS = 120_000;

/** Provider sockets per origin and gateway process; past it requests queue in the client. */
export const UPSTREAM_CONNECTIONS_MAX = 512;

/** Longest message kept of a failure: enough to explain, too short to carry a prompt. */
export const FAILURE_MESSAGE_MAX_CHARS = 500;

/** Journal segments rotate at this size, so that committed ones can go soon. */
export const JOURNAL_SEGMENT_MAX_BYTES = 16 * 1024 * 1024;

/** Records a gateway holds in memory while its disk refuses writes; about 20 MiB. Past it the oldest are lost, counted. */
export const JOURNAL_PENDING_MAX_RECORDS = 20_000;

/** Largest journal record. Real ones are about 1 KiB; a length beyond this in a segment can only be damage. */
export const JOURNAL_RECORD_MAX_BYTES = 1024 * 1024;

/** Pause between attempts to write the journal while its disk refuses: short enough to lose little once there is room. */
export const JOURNAL_RETRY_MS = 250;

/** How often committed segments that are kept for a replay are looked at for ones whose time is over. */
export const JOURNAL_SWEEP_MS = 10 * 60_000;

/** How often the recorder looks for new records: well inside the half second a subscriber waits at most. */
export const JOURNAL_POLL_MS = 40;

/** Events committed in one transaction: large enough to be cheap per event, small enough to keep it short. */
export const RECORDER_BATCH_MAX_EVENTS = 500;

/** Pause of the recorder while the database is away, doubled up to the longest and spread so that nodes do not return at once. */
export const RECORDER_RETRY_MIN_MS = 50;
export const RECORDER_RETRY_MAX_MS = 5_000;

/** With the embedded database, which does not fsync, committed segments are kept this long and replayed at start. */
export const JOURNAL_REPLAY_WINDOW_MS = 24 * 3_600_000;

/** Days individual usage events are kept; rollups are kept for good. */
export const USAGE_RETENTION_DAYS = 90;

/** Stored events read at once while a subscriber's past is replayed to it. */
export const USAGE_REPLAY_PAGE = 200;

/** Groups in the sums a subscriber follows, and most that a report may ask for. */
export const USAGE_GROUPS_MAX = 100;

/** Deliveries queued for a subscriber that reads slowly. */
export const MAILBOX_CAPACITY = 256;

/** GraphQL over HTTP: largest body, and largest websocket message. */
export const GRAPHQL_BODY_MAX_BYTES = 256 * 1024;
export const GRAPHQL_MESSAGE_MAX_BYTES = 64 * 1024;

/** GraphQL documents: bounds checked before execution, the same on both transports. */
export const GRAPHQL_TOKENS_MAX = 2_000;
export const GRAPHQL_DEPTH_MAX = 12;
export const GRAPHQL_ALIASES_MAX = 30;
export const GRAPHQL_DIRECTIVES_MAX = 30;
export const GRAPHQL_ROOT_FIELDS_MAX = 20;
export const GRAPHQL_MUTATIONS_MAX = 5;
export const GRAPHQL_COST_MAX = 5_000;
/** Points of query cost a token may spend at once, and what it regains per second. */
export const GRAPHQL_COST_BUCKET = 20_000;
export const GRAPHQL_COST_RESTORE_PER_SECOND = 500;
export const GRAPHQL_TIMEOUT_MS = 15_000;

/** Websockets: in all, per token, and operations on each. */
export const SOCKETS_MAX = 200;
export const SOCKETS_PER_TOKEN_MAX = 10;
export const OPERATIONS_PER_SOCKET_MAX = 20;

/** How long running requests may take to finish once a stop was asked for. */
export const DRAIN_TIMEOUT_MS = 30_000;

/** Items on one page of a GraphQL list, and in one list of an input. */
export const PAGE_MAX_ITEMS = 100;

/** Failed sign-ins per address and minute: generous to a script with a typo, useless to a guesser. */
export const SIGN_IN_FAILURES_PER_MINUTE = 20;

/** Messages per second a websocket may send on average; ordinary clients send a few in all. */
export const SOCKET_MESSAGES_PER_SECOND = 50;

/** Time a new websocket has to introduce itself. */
export const SOCKET_INIT_TIMEOUT_MS = 3_000;

/** Interval of websocket pings; a peer silent for two of them is gone. */
export const SOCKET_KEEP_ALIVE_MS = 12_000;

/** How long a closing websocket may take before it is cut. */
export const SOCKET_CLOSE_TIMEOUT_MS = 1_000;

/** Least and most time between messages of running totals. */
export const TOTALS_INTERVAL_MIN_MS = 250;
export const TOTALS_INTERVAL_MAX_MS = 60_000;

/** How long the first answer under an idempotency key is repeated. */
export const IDEMPOTENCY_WINDOW_MS = 24 * 3_600_000;

/** How long a recognised admin token is trusted without another look: a revocation by another process works within it. */
export const ADMIN_TOKEN_TRUST_MS = 1_000;

/** Recognised admin tokens held in memory; installations have a handful. */
export const ADMIN_TOKENS_CACHED_MAX = 1_000;

/** Names and labels are shown in tables. */
export const NAME_MAX_CHARS = 100;

/** A provider secret: the longest known, signed tokens, are under 4 KiB. */
export const SECRET_MAX_CHARS = 8_192;

/** Patterns in a key's list of allowed models. */
export const ALLOWED_MODELS_MAX = 100;

/** Providers an operator may describe in a workspace: far above any household's number of servers. */
export const CUSTOM_PROVIDERS_MAX = 200;

/** Models an operator may describe for one provider; longer lists are read from the provider. */
export const CUSTOM_MODELS_MAX = 1_000;

/** Name of a model at its provider: the longest known, with vendor and build, have under 200. */
export const UPSTREAM_ID_MAX_CHARS = 300;

/** A change waits this long for company before the routing snapshot is rebuilt, and while more keep coming at most that long. */
export const SNAPSHOT_QUIET_MS = 20;
export const SNAPSHOT_DELAY_MAX_MS = 150;

/** The routing snapshot is rebuilt this often without any word of a change: another node may have made one. */
export const SNAPSHOT_REFRESH_MS = 30_000;

/** Pause after a failed rebuild of the routing snapshot, doubled up to the longest. */
export const SNAPSHOT_RETRY_MIN_MS = 100;
export const SNAPSHOT_RETRY_MAX_MS = 5_000;

/** Connections to an external Postgres per process: the recorder, GraphQL and schedules together rarely need half. */
export const DATABASE_CONNECTIONS_MAX = 10;

/** Time for a connection to an external Postgres; past it the server is taken for away. */
export const DATABASE_CONNECT_TIMEOUT_MS = 5_000;

/** Longest statement outside migrations. Reports read rollups, so that one this slow is a mistake worth cancelling. */
export const DATABASE_STATEMENT_TIMEOUT_MS = 30_000;

/** When an answer is given up on: later than the server would cancel, for servers that vanished without closing. */
export const DATABASE_ANSWER_TIMEOUT_MS = 40_000;

/** How long a transaction may wait for a connection (the embedded database has one), and how long it may take. */
export const TRANSACTION_WAIT_MS = 10_000;
export const TRANSACTION_TIMEOUT_MS = 15_000;

/** Prepared statements kept per connection; the program's own queries are fewer, built ones must not pile up. */
export const PREPARED_STATEMENTS_MAX = 256;

/** Embedded database: a request unanswered for this long has hung, and the thread is replaced. */
export const EMBEDDED_ANSWER_TIMEOUT_MS = 60_000;

/** Embedded database: how long it may take to write everything out before its thread is ended anyway. */
export const EMBEDDED_CLOSE_TIMEOUT_MS = 10_000;

/** Days that one call may create usage partitions for; a range beyond it comes from a clock that is wrong. */
export const PARTITION_RANGE_MAX_DAYS = 400;

/** How long dropping a partition may wait for readers, because every other reader and writer waits behind it. */
export const PARTITION_LOCK_TIMEOUT_MS = 5_000;

/** Longest ranges of usage reports: enough hours for a quarter, enough days for five years. */
export const REPORT_DAYS_MAX_BY_HOUR = 92;
export const REPORT_DAYS_MAX = 5 * 366;

/** How often the last use of access keys is written: it is promised to the minute. */
export const KEY_ACTIVITY_WRITE_MS = 20_000;
