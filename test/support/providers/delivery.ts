/** Puts an answer on the wire, whole or with the fault that was asked for. */
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Fault, Reply } from './simulation.js';

/** How a delivery ended, as far as the simulated provider is concerned. */
export type Delivery = 'answered' | 'broken';

/** Sends the reply. Rejects when the client leaves meanwhile or `signal` ends the server. */
export async function deliver(
  response: ServerResponse,
  reply: Reply,
  fault: Fault | null,
  signal: AbortSignal,
): Promise<Delivery> {
  if (fault?.kind === 'reset') {
    response.socket?.resetAndDestroy();
    return 'broken';
  }
  if (fault?.kind === 'delay') await pause(fault.ms, undefined, { signal });
  const chunks = reply.kind === 'stream' ? streamChunks(reply.frames, fault) : bodyChunks(reply, fault);
  response.writeHead(reply.kind === 'stream' ? 200 : reply.status, headersOf(reply, fault));
  response.flushHeaders();

  const everyMs = fault?.kind === 'drip' ? fault.everyMs : reply.kind === 'stream' ? reply.everyMs : 0;
  for (const [index, chunk] of chunks.entries()) {
    if (everyMs > 0 && index > 0) await pause(everyMs, undefined, { signal });
    await write(response, chunk, signal);
  }
  if (fault?.kind === 'stall') await gone(signal);
  if (fault?.kind === 'cut') {
    response.destroy();
    return 'broken';
  }
  await new Promise<void>((resolve) => response.end(resolve));
  return 'answered';
}

function headersOf(reply: Reply, fault: Fault | null): Record<string, string> {
  if (reply.kind === 'stream')
    return { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };
  const text = bodyText(reply.body);
  return {
    'content-type':
      typeof reply.body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
    ...(fault?.kind !== 'drip' && { 'content-length': String(Buffer.byteLength(text)) }),
    ...reply.headers,
  };
}

function bodyText(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function bodyChunks(reply: Extract<Reply, { kind: 'json' }>, fault: Fault | null): (string | Buffer)[] {
  const text = bodyText(reply.body);
  if (fault?.kind === 'cut' || fault?.kind === 'stall') return [text.slice(0, Math.floor(text.length / 2))];
  return fault?.kind === 'drip' ? slices(text, fault.bytes) : [text];
}

function streamChunks(frames: readonly string[], fault: Fault | null): (string | Buffer)[] {
  switch (fault?.kind) {
    case 'stall':
      return frames.slice(0, fault.afterFrames);
    case 'cut': {
      const cut = frames[fault.afterFrames] ?? '';
      return [...frames.slice(0, fault.afterFrames), cut.slice(0, Math.floor(cut.length / 2))];
    }
    case 'error-frame':
      return [...frames.slice(0, fault.afterFrames), `data: ${JSON.stringify(fault.body)}\n\n`];
    case 'unterminated':
      return [...frames.slice(0, -1), ...frames.slice(-1).map((frame) => frame.trimEnd())];
    case 'drip':
      return slices(frames.join(''), fault.bytes);
    default:
      return [...frames];
  }
}

function slices(text: string, bytes: number): Buffer[] {
  const whole = Buffer.from(text);
  return Array.from({ length: Math.ceil(whole.length / bytes) }, (_, i) =>
    whole.subarray(i * bytes, (i + 1) * bytes),
  );
}

async function write(response: ServerResponse, chunk: string | Buffer, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (chunk.length === 0) return;
  // Waiting for the callback hands every frame to the network before the next step, or the connection's end.
  await new Promise<void>((resolve, reject) => {
    response.write(chunk, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Never resolves; rejects when the signal fires. */
function gone(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
