/** A plain HTTP client for tests that look at bytes: no retries, no parsing, arrival times of chunks. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** Whether the connection broke before the answer was whole. */
  readonly broken: boolean;
  json(): unknown;
}

export interface PlainRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when it is text or bytes, else as JSON. */
  readonly body?: unknown;
  readonly onChunk?: (chunk: Buffer) => void;
  readonly signal?: AbortSignal;
}

export function plainRequest(url: string, options: PlainRequest = {}): Promise<PlainAnswer> {
  const body =
    options.body === undefined || typeof options.body === 'string' || Buffer.isBuffer(options.body)
      ? options.body
      : JSON.stringify(options.body);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      url,
      {
        method: options.method ?? (body === undefined ? 'GET' : 'POST'),
        headers: { 'content-type': 'application/json', ...options.headers },
        agent: false,
        ...(options.signal ? { signal: options.signal } : {}),
      },
      (response) => {
        const chunks: Buffer[] = [];
        const finish = (broken: boolean): void => {
          const bytes = Buffer.concat(chunks);
          const text = bytes.toString('utf8');
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: bytes,
            text,
            broken,
            json: () => JSON.parse(text) as unknown,
          });
        };
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          options.onChunk?.(chunk);
        });
        response.once('end', () => finish(false));
        response.once('error', () => finish(true));
      },
    );
    request.once('error', reject);
    request.end(body);
  });
}
