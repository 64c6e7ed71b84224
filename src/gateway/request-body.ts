/** Reads a request body into memory, within the bound. */
import type { IncomingMessage } from 'node:http';
import { REQUEST_BODY_MAX_BYTES } from '../config/limits.js';
import { AppError } from '../domain/errors.js';

/** The whole body. Rejects with PAYLOAD_TOO_LARGE past the bound, before the rest is read. */
export function readBody(request: IncomingMessage, maxBytes = REQUEST_BODY_MAX_BYTES): Promise<Buffer> {
  const tooLarge = (): AppError =>
    new AppError('PAYLOAD_TOO_LARGE', `The request body is larger than ${maxBytes} bytes; send less.`);
  const cutShort = (cause?: unknown): AppError =>
    new AppError('BAD_REQUEST', 'The request ended before its body did.', { cause });
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.reject(tooLarge());
  // It may have ended while its key was looked up; nothing would be heard of it any more.
  if (request.destroyed) return Promise.reject(cutShort());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        request.removeAllListeners('data');
        request.pause();
        reject(tooLarge());
        return;
      }
      chunks.push(chunk);
    });
    request.once('end', () =>
      resolve(chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks)),
    );
    request.once('error', (cause) => reject(cutShort(cause)));
    request.once('close', () => {
      if (!request.readableEnded) reject(cutShort());
    });
  });
}
