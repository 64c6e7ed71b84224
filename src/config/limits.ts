/** Every number that bounds something, with its reason. Units are in the names. */

/** A request body beyond this is refused. Agents send up to a few MiB with images; providers cap near 32 MiB. */
export const REQUEST_BODY_MAX_BYTES = 32 * 1024 * 1024;

/** Most of a failed provider answer that is read to classify it; error bodies are a few hundred bytes. */
export const ERROR_BODY_MAX_BYTES = 64 * 1024;

/** Most of a non-streamed answer held for reading its usage. Larger answers pass through and are counted as unstated. */
export const ANSWER_CAPTURE_MAX_BYTES = 16 * 1024 * 1024;

/** Most of one server-sent frame held while it is incomplete; larger ones pass through unread. */
export const STREAM_FRAME_MAX_BYTES = 1024 * 1024;

/** Most of a provider's model list that is read: OpenRouter's, the largest known, is under 2 MiB. */
export const MODEL_LIST_MAX_BYTES = 16 * 1024 * 1024;

/** A provider that has not listed its models by then is taken for down, so that it delays no other. */
export const MODEL_LIST_TIMEOUT_MS = 5_000;

/** A credential check the operator waits for. */
export const VERIFY_TIMEOUT_MS = 8_000;

/** Connections asked for their models at once: enough to hide latency, few enough to be polite to one provider. */
export const DISCOVERY_CONCURRENCY = 8;

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

/** How often the recorder looks for new records: well inside the half second a subscriber waits at most. */
export const JOURNAL_POLL_MS = 40;

/** Events committed in one transaction: large enough to be cheap per event, small enough to keep it short. */
export const RECORDER_BATCH_MAX_EVENTS = 500;

/** With the embedded database, which does not fsync, committed segments are kept this long and replayed at start. */
export const JOURNAL_REPLAY_WINDOW_MS = 24 * 3_600_000;

/** Days individual usage events are kept; rollups are kept for good. */
export const USAGE_RETENTION_DAYS = 90;

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
