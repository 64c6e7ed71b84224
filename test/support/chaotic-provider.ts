/** A provider in all kinds of trouble, by chance that is the same every time. What it said to whom can be looked up. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

export const TROUBLES = [
  'none',
  'drip',
  'cut before content',
  'cut after content',
  'silent',
  'stall before content',
  'stall after content',
  'error with 200',
  'error frame',
  'rate limit',
  'server error',
  'reset',
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** One call as it arrived. */
export interface ChaoticCall {
  /** What the request called itself, `req-7`. */
  readonly request: string;
  readonly trouble: Trouble;
  /** Word that the answer to this call, and no other, says. */
  readonly word: string;
}

export interface ChaoticProvider extends AsyncDisposable {
  readonly url: string;
  readonly calls: readonly ChaoticCall[];
  /** Most calls it had at a time. */
  readonly peak: number;
  /** Calls it has now. */
  readonly open: number;
  /** What happens to the next calls; `trouble()` is asked for each. */
  setTrouble(trouble: () => Trouble): void;
  /** From now on answers are held back, until this is called with false. */
  hold(held: boolean): void;
  /** Refuses connections and breaks those there are. */
  die(): Promise<void>;
  comeBack(): Promise<void>;
}

export async function startChaoticProvider(name: string): Promise<ChaoticProvider> {
  const calls: ChaoticCall[] = [];
  let trouble: () => Trouble = () => 'none';
  let held: Promise<void> = Promise.resolve();
  let release = (): void => undefined;
  let open = 0;
  let peak = 0;
  let serial = 0;
  const stop = new AbortController();

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    open++;
    peak = Math.max(peak, open);
    response.once('close', () => open--);
    const body = (await json(request)) as { stream?: boolean; messages: unknown };
    const asked = /req-\d+/.exec(JSON.stringify(body.messages))?.[0] ?? '';
    const call: ChaoticCall = {
      request: asked,
      trouble: trouble(),
      word: `${name}-${++serial}.`,
    };
    calls.push(call);
    await held;
    await answer(response, call, body.stream === true, stop.signal);
  };
  let server: Server;
  const listen = async (port: number): Promise<number> => {
    server = createServer((request, response) => {
      serve(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return (server.address() as AddressInfo).port;
  };
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  const port = await listen(0);
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    get peak() {
      return peak;
    },
    get open() {
      return open;
    },
    setTrouble(next) {
      trouble = next;
    },
    hold(wanted) {
      release();
      if (wanted) {
        held = new Promise((resolve) => {
          release = resolve;
        });
      }
    },
    die: close,
    async comeBack() {
      await listen(port);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      release();
      await close();
    },
  };
}

const frame = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
const delta = (content: object): string => frame({ choices: [{ index: 0, delta: content }] });
const USAGE = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };

async function answer(
  response: ServerResponse,
  { trouble, word }: ChaoticCall,
  stream: boolean,
  signal: AbortSignal,
): Promise<void> {
  switch (trouble) {
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'silent':
      return;
    case 'rate limit':
      return whole(response, 429, { error: { code: '1302', message: 'High concurrency usage of this API' } });
    case 'server error':
      return whole(response, 500, { error: { code: '500', message: 'Internal Error' } });
    case 'error with 200':
      return whole(response, 200, { error: { code: '500', message: 'Internal Error' } });
    case 'none':
    case 'drip':
    case 'error frame':
    case 'cut before content':
    case 'cut after content':
    case 'stall before content':
    case 'stall after content':
      return stream ? streamed(response, trouble, word, signal) : unstreamed(response, trouble, word);
  }
}

function whole(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function unstreamed(response: ServerResponse, trouble: Trouble, word: string): void {
  const message = { role: 'assistant', content: word };
  const body = JSON.stringify({
    id: word,
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: USAGE,
  });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(body.length) });
  if (trouble === 'none' || trouble === 'drip') return void response.end(body);
  response.write(body.slice(0, body.length / 2), () => {
    if (!trouble.startsWith('stall')) response.destroy();
  });
}

async function streamed(
  response: ServerResponse,
  trouble: Trouble,
  word: string,
  signal: AbortSignal,
): Promise<void> {
  const opening = delta({ role: 'assistant', content: '' });
  const content = delta({ content: word }) + delta({ content: ' and more' });
  const end =
    frame({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: USAGE }) + 'data: [DONE]\n\n';
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const write = (text: string) => new Promise((resolve) => response.write(text, resolve));
  if (trouble === 'error frame')
    return void response.end(frame({ error: { code: '500', message: 'Internal Error' } }));
  if (trouble === 'drip') {
    const bytes = Buffer.from(opening + content + end);
    for (let at = 0; at < bytes.length; at += 60) {
      await write(bytes.subarray(at, at + 60).toString());
      await pause(1, undefined, { signal });
    }
    return void response.end();
  }
  await write(trouble.endsWith('before content') ? opening : opening + content);
  if (trouble.startsWith('stall')) return;
  if (trouble.startsWith('cut')) return void response.destroy();
  response.end(end);
}
