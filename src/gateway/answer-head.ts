/** The head of a passed-on answer: our headers, and those of the provider's that mean something to its clients. */
import type { IncomingHttpHeaders } from 'node:http';
import type { AttemptContext } from './answer-sink.js';
import { requestIdHeaders, type HeaderList } from './reply.js';

const PASSED_ON = ['content-type', 'cache-control'];
/** Rate limits describe the connection the answer came through; SDKs show them. */
const PASSED_ON_PREFIXES = ['x-ratelimit-', 'anthropic-ratelimit-'];

export function answerHead(context: AttemptContext, upstream: IncomingHttpHeaders): HeaderList {
  const headers = [...requestIdHeaders(context.requestId), ...context.headers];
  for (const name in upstream) {
    if (!PASSED_ON.includes(name) && !PASSED_ON_PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    const value = upstream[name];
    if (typeof value === 'string') headers.push(name, value);
  }
  return headers;
}
