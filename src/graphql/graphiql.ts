/** The page on which operators try the API: GraphiQL, complete in one document that asks nothing of the network. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

export interface GraphiqlPage {
  /** HTML, compressed with gzip. */
  readonly gzipped: Buffer;
  readonly contentSecurityPolicy: string;
}

const FETCHER_MARK = '@@fetcher@@';

const HEADERS = JSON.stringify({ authorization: 'Bearer paste-your-admin-token-here' }, null, 2);

const QUERY = `# Switchyard's admin API.
#
# 1. Open the Headers tab below and put your admin token in place of the placeholder.
# 2. Press the reload button at the lower left, so that completion and documentation know the schema.
# 3. Press the run button. Subscriptions run here as well.

query Overview {
  viewer { name scopes }
  health { state version checks { name state message } }
  connections { nodes { label provider { name } billing health { state } } }
}

subscription Live {
  usageRecorded {
    droppedBefore
    event { occurredAt modelRef status tokens { total } costUsd durationMs }
  }
}
`;

/**
 * Runs in the browser. Sends the headers typed into the editor along with each operation; for a subscription, which a
 * browser cannot give headers, their `authorization` goes into the socket's first message.
 */
const FETCHER = String.raw`(params, options) => {
  const headers = (options && options.headers) || {};
  // The editor's own idea of the document lags behind what was typed, so the text itself is read.
  let depth = 0;
  const outline = params.query
    .replace(/"""[^]*?"""|"(?:[^"\\]|\\.)*"|#.*/g, '')
    .replace(/[^]/g, (character) => {
      if (')}'.includes(character)) depth--;
      const outside = depth === 0;
      if ('({'.includes(character)) depth++;
      return outside ? character : ' ';
    });
  const operations = [...outline.matchAll(/fragment\s+\w+\s+on\s+\w+|(query|mutation|subscription)\b\s*(\w*)/g)]
    .filter(([, type]) => type)
    .map(([, type, name]) => ({ type, name }));
  const operation = operations.find(({ name }) => name === params.operationName) || operations[0];
  params = { ...params, operationName: (operation && operation.name) || undefined };
  if (!operation || operation.type !== 'subscription') {
    return fetch(location.pathname, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(params),
    }).then((response) => response.json());
  }
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'authorization');
  return {
    subscribe(observer) {
      const url = new URL(location.pathname, location.href);
      url.protocol = url.protocol.replace('http', 'ws');
      const socket = new WebSocket(url, 'graphql-transport-ws');
      const send = (message) => socket.send(JSON.stringify(message));
      let over = false;
      socket.onopen = () => send({ type: 'connection_init', payload: { authorization: name && headers[name] } });
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === 'connection_ack') send({ id: '1', type: 'subscribe', payload: params });
        else if (message.type === 'ping') send({ type: 'pong' });
        else if (message.type === 'next') observer.next(message.payload);
        else if (message.type === 'error') observer.next({ errors: message.payload });
        if (message.type === 'complete' || message.type === 'error') {
          over = true;
          observer.complete();
          socket.close(1000);
        }
      };
      socket.onclose = ({ code, reason }) => {
        if (over) return;
        over = true;
        observer.error({ message: code === 4403
          ? 'The admin token in the headers was refused.'
          : 'The connection closed: ' + code + ' ' + reason });
      };
      return { unsubscribe() { over = true; socket.close(1000); } };
    },
  };
}`;

let made: Promise<GraphiqlPage> | undefined;

/** The page; made at the first call, because its parts are large. */
export function graphiqlPage(): Promise<GraphiqlPage> {
  return (made ??= makePage());
}

async function makePage(): Promise<GraphiqlPage> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const options = {
    title: 'Switchyard',
    headers: HEADERS,
    defaultQuery: QUERY,
    // A token is kept in the browser only when its user asks for that in the settings.
    shouldPersistHeaders: false,
    fetcher: FETCHER_MARK,
  };
  const html = renderGraphiQL(options).replace(`"${FETCHER_MARK}"`, () => FETCHER);
  return { gzipped: await promisify(gzip)(html), contentSecurityPolicy: policyFor(html) };
}

/** Allows the page's own scripts, by their hashes, and requests to this server; nothing else. */
function policyFor(html: string): string {
  const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, script = '']) => {
    return `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
  });
  return [
    "default-src 'none'",
    `script-src ${scripts.join(' ')} blob:`,
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    "img-src 'self' data:",
    'font-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
