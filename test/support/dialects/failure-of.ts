/** What an official client tells its caller when a request fails, whichever class its error is of. */

export interface ClientFailure {
  /** HTTP status the client reports; null when the stream broke after a good one. */
  readonly status: number | null;
  readonly message: string;
  readonly retryAfter: string | null;
}

/** The failure that a request ends in; throws when it ends well. */
export async function failureOf(run: () => Promise<unknown>): Promise<ClientFailure> {
  let answer: unknown;
  try {
    answer = await run();
  } catch (error) {
    return read(error);
  }
  throw new Error(`No failure, but ${JSON.stringify(answer)}`);
}

interface AnyClientError {
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly message?: unknown;
  readonly headers?: Headers;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

function read(error: unknown): ClientFailure {
  if (error instanceof Error || (typeof error === 'object' && error !== null)) {
    const { status, statusCode, message, headers, responseHeaders, cause } = error as AnyClientError;
    const found = status ?? statusCode;
    return {
      status: typeof found === 'number' ? found : cause === undefined ? null : read(cause).status,
      message: typeof message === 'string' ? message : JSON.stringify(error),
      retryAfter: headers?.get('retry-after') ?? responseHeaders?.['retry-after'] ?? null,
    };
  }
  return { status: null, message: String(error), retryAfter: null };
}
