/** Numbers that bound the admin API, with their reasons: documents, websockets and who may ask. */

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

/** How long a mutation past its time is waited for, so that its answer says whether it was made: longer than a transaction lives. */
export const GRAPHQL_SETTLE_MS = 30_000;

/** Websockets: in all, per token, and operations on each. */
export const SOCKETS_MAX = 200;
export const SOCKETS_PER_TOKEN_MAX = 10;
export const OPERATIONS_PER_SOCKET_MAX = 20;

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

/** How long the first answer under an idempotency key is repeated. */
export const IDEMPOTENCY_WINDOW_MS = 24 * 3_600_000;

/** Keys past it that a mutation with a key forgets beside its own work: more than it adds, and few enough to cost nothing. */
export const IDEMPOTENCY_SWEEP_MAX_KEYS = 20;

/**
 * How long a recognised admin token is trusted without another look, and how often those of open websockets are looked at: a
 * revocation by another process works within the sum of both, which is to stay below a second.
 */
export const ADMIN_TOKEN_TRUST_MS = 400;
export const SOCKET_TOKEN_CHECK_MS = 400;

/** Recognised admin tokens held in memory; installations have a handful. */
export const ADMIN_TOKENS_CACHED_MAX = 1_000;

/** Longest bearer token: signed ones with many claims have some 4 KiB, and all headers of a request must fit into 16 KiB. */
export const BEARER_TOKEN_MAX_CHARS = 8_192;

/** Clocks of this machine and of the issuer of signed tokens may differ by this much. */
export const OIDC_CLOCK_TOLERANCE_SECONDS = 5;

/** An issuer's answers: its keys are a few KiB, and whoever signs in waits for them. */
export const OIDC_ANSWER_MAX_BYTES = 256 * 1024;
export const OIDC_ANSWER_TIMEOUT_MS = 5_000;

/** An issuer's keys are asked for again this often, so that one it withdrew is no longer trusted; unknown ones at once. */
export const OIDC_KEYS_REFRESH_MS = 10 * 60_000;

/** Least time between two calls to the issuer, whatever tokens come: invented key ids must not become a flood. */
export const OIDC_COOL_DOWN_MS = 10_000;

/**
 * Events answered to one subscriber at a stretch: those of a moment at a thousand a second, which share their reads and take the
 * event loop for some ten milliseconds. One that stops reading holds about 200 KiB of such answers.
 */
export const SUBSCRIPTION_BATCH_MAX_EVENTS = 50;

/** Bytes a websocket may hold that its peer has not taken before what is sent next is waited for: one batch of full events. */
export const SOCKET_BUFFER_BYTES = 128 * 1024;

/** Valid documents remembered: a few hundred of usual size, so that what clients repeat is read once. */
export const DOCUMENTS_CACHED_MAX_BYTES = 16 * 1024 * 1024;
