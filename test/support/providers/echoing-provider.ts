/** A provider that repeats the key it was called with wherever it can, and takes whatever is posted to it. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** In which way it answers. */
export type Manner = 'good' | 'json' | 'text' | 'long' | 'whole' | 'first-frame' | 'later-frame' | 'objects';

export interface EchoingProvider extends AsyncDisposable {
  readonly url: string;
  manner: Manner;
  readonly secretsSeen: ReadonlySet<string>;
}

export async function startEchoingProvider(): Promise<EchoingProvider> {
  const secretsSeen = new Set<string>();
  const state = { manner: 'good' as Manner };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const secret = request.headers.authorization?.replace('Bearer ', '') ?? '';
      if (secret !== '') secretsSeen.add(secret);
      if (secret !== '') response.setHeader('x-echo', secret);
      if (state.manner === 'good')
        succeed(response, request.method === 'GET', body.includes('"stream":true'));
      else refuse(response, state.manner, secret);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secretsSeen,
    get manner() {
      return state.manner;
    },
    set manner(next) {
      state.manner = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const DELTA = `data: ${JSON.stringify({ id: '1', object: 'chat.completion.chunk', model: 'model-a', choices: [{ index: 0, delta: { role: 'assistant', content: 'hi' } }] })}\n\n`;

function succeed(response: ServerResponse, isList: boolean, stream: boolean): void {
  if (isList) return json(response, 200, { object: 'list', data: [{ id: 'model-a', object: 'model' }] });
  if (stream) {
    const last = { id: '1', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
    response.setHeader('content-type', 'text/event-stream');
    response.end(`${DELTA}data: ${JSON.stringify(last)}\n\ndata: [DONE]\n\n`);
    return;
  }
  const message = { role: 'assistant', content: 'hi' };
  json(response, 200, { id: '1', model: 'model-a', choices: [{ index: 0, message, finish_reason: 'stop' }] });
}

function refuse(response: ServerResponse, manner: Exclude<Manner, 'good'>, secret: string): void {
  const error = { message: `Incorrect API key provided: ${secret}.`, type: 'invalid_api_key', code: secret };
  const frame = `data: ${JSON.stringify({ error })}\n\n`;
  if (manner === 'json') return json(response, 401, { error });
  if (manner === 'objects')
    return json(response, 422, { detail: [{ loc: ['header'], msg: secret, input: secret }] });
  if (manner === 'whole') return json(response, 200, { error });
  // Where the message is cut, half of a key must not stay.
  if (manner === 'long') return json(response, 500, { error: { message: `${'x'.repeat(480)} ${secret}` } });
  if (manner === 'text') {
    response.writeHead(500, { 'content-type': 'text/plain' }).end(`no: ${secret}`);
    return;
  }
  response.setHeader('content-type', 'text/event-stream');
  response.end(manner === 'first-frame' ? frame : DELTA + frame);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
