/** The one error class: a code of a closed list, a message fit for the caller, and the cause kept apart for the log. */

/** Every code an {@link AppError} may carry, with the HTTP status it stands for. */
export const ERROR_STATUS = {
  BAD_USER_INPUT: 400,
  BAD_REQUEST: 400,
  INVALID_JSON: 400,
  MODEL_REQUIRED: 400,
  MODEL_AMBIGUOUS: 400,
  PROTOCOL_UNSUPPORTED: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  MODEL_NOT_FOUND: 404,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  PAYLOAD_TOO_LARGE: 413,
  RATE_LIMITED: 429,
  INTERNAL_SERVER_ERROR: 500,
  UPSTREAM_FAILED: 502,
  SERVICE_UNAVAILABLE: 503,
  TIMEOUT: 504,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

export interface AppErrorOptions {
  cause?: unknown;
  /** Path of the argument at fault, for GraphQL. */
  field?: readonly string[];
  /** Seconds after which a retry is sensible. */
  retryAfterSeconds?: number;
}

export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly field: readonly string[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  /** `message` is shown to the caller: a sentence that says what was wrong and what would be right, without secrets. */
  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.field = options.field;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }

  /** Any caught value as an AppError: ours passes through, everything else becomes an internal error with its cause. */
  static from(value: unknown): AppError {
    if (value instanceof AppError) return value;
    return new AppError(
      'INTERNAL_SERVER_ERROR',
      'Something went wrong on our side; the log has the details.',
      {
        cause: value,
      },
    );
  }
}

/** A fault of the installation that only its operator can put right; ends the process with one line on standard error. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
  /** Whether it may pass without its operator, as when a database is away: then what can do without goes ahead. */
  readonly mayPass: boolean;

  constructor(message: string, options: { cause?: unknown; mayPass?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.mayPass = options.mayPass ?? false;
  }
}

/** For what cannot happen unless this program is wrong. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Invariant broken: ${message}`);
}
