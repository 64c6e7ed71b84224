/** Numbers that bound something, with their reasons: of the gateway, of what it calls, and of the database. Units are in the names. */

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

/** How long running requests may take to finish once a stop was asked for. */
export const DRAIN_TIMEOUT_MS = 30_000;

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

/** Time for asking the server to stop a statement; past it the statement's own time-out has to do. */
export const STATEMENT_CANCEL_TIMEOUT_MS = 2_000;

/** Prepared statements kept per connection; the program's own queries are fewer, built ones must not pile up. */
export const PREPARED_STATEMENTS_MAX = 256;

/** Embedded database: a request unanswered for this long has hung, and the thread is replaced. */
export const EMBEDDED_ANSWER_TIMEOUT_MS = 60_000;

/** Embedded database: how long it may take to write everything out before its thread is ended anyway. */
export const EMBEDDED_CLOSE_TIMEOUT_MS = 10_000;

/** Before Redis or Postgres that went away is looked for again: soon, as most are only restarted, and never so often that it hurts. */
export const RECONNECT_BACK_OFF = { minMs: 100, maxMs: 5_000 };

/** How often such a connection is tried, because one that vanished without closing looks like one on which nothing happens. */
export const SIGNAL_PING_MS = 10_000;

/** Redis answers within a millisecond or is taken for away; nothing waits for it. */
export const REDIS_ANSWER_TIMEOUT_MS = 2_000;

/** Postgres refuses longer payloads of NOTIFY; ours are under 200 bytes. */
export const NOTIFY_PAYLOAD_MAX_BYTES = 7_900;

/** Messages held while Postgres takes none; the rest is lost, and found by those who look. */
export const SIGNALS_WAITING_MAX = 1_000;

/** Discovery runs looked at anew after messages were missed: more than run at once in any installation. */
export const RECALLED_RUNS_MAX = 50;

/** Secrets sealed anew in one statement: a few KiB each, and none of them locked for long. */
export const RESEAL_BATCH_MAX_SECRETS = 100;

/** A command sent to the running service, and the answer. Lists of tokens are the longest: some hundred bytes each. */
export const COMMAND_REQUEST_MAX_BYTES = 64 * 1024;
export const COMMAND_ANSWER_MAX_BYTES = 64 * 1024 * 1024;

/** How long a command waits for a service that is just starting and holds its database without answering yet. */
export const COMMAND_REACH_TIMEOUT_MS = 30_000;
