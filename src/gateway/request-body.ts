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
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBytes) {
        request.off('data', onData);
        request.pause();
        reject(tooLarge());
        return;
      }
      chunks.push(chunk);
    };
    const onEnd = (): void => {
      // The request lives as long as its answer. Through a listener it would keep this promise, and with it the body.
      request.off('data', onData).off('error', onError).off('close', onClose);
      const pieces = chunks.splice(0);
      resolve(pieces.length === 1 ? (pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(pieces));
    };
    const onError = (cause: unknown): void => reject(cutShort(cause));
    const onClose = (): void => {
      if (!request.readableEnded) reject(cutShort());
    };
    request.on('data', onData).once('end', onEnd).once('error', onError).once('close', onClose);
  });
}
