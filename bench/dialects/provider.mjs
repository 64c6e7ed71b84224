/**
 * The providers, in a process of their own: canned streams, a frame at a time as models write them, and what connecting asks.
 * A request says in its text how many frames it wants.
 */
import { createServer } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { STREAMS } from './streams.mjs';

const LISTS = {
  '/zen/go/v1/models': { object: 'list', data: ['glm-5.1', 'minimax-m3', 'grok-4.7'].map((id) => ({ id })) },
  '/zen/go/v1/usage': { usage: {} },
  '/v1beta/models': {
    models: [{ name: 'models/gemini-3-pro-preview', supportedGenerationMethods: ['generateContent'] }],
  },
};

const canned = new Map();
function framesOf(protocol, count) {
  const name = `${protocol} ${count}`;
  if (!canned.has(name)) canned.set(name, STREAMS[protocol](count));
  return canned.get(name);
}

function protocolOf(path) {
  if (path.endsWith('/chat/completions')) return 'OPENAI_CHAT';
  if (path.endsWith('/messages')) return 'ANTHROPIC_MESSAGES';
  if (path.endsWith('/responses')) return 'OPENAI_RESPONSES';
  return path.endsWith(':streamGenerateContent') ? 'GEMINI' : null;
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const path = request.url.split('?')[0];
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => void answer(path, Buffer.concat(chunks).toString('latin1'), response));
});

async function answer(path, body, response) {
  const protocol = protocolOf(path);
  if (protocol === null) {
    response.writeHead(LISTS[path] ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(LISTS[path] ?? { error: { message: 'Not found' } }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const frames = framesOf(protocol, Number(/frames-(\d+);/.exec(body)?.[1]));
  for (const frame of frames) {
    if (response.destroyed) return;
    if (response.write(frame)) await turn();
    else await new Promise((resolve) => response.once('drain', resolve));
  }
  response.end();
}

server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.once('disconnect', () => process.exit());
