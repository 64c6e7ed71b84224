/** The peer: the least a Node proxy can do, `http` in and undici out, nothing parsed, nothing counted. */
import { createServer } from 'node:http';
import { pipeline } from 'node:stream';
import { Pool } from 'undici';

const [upstream, path] = process.argv.slice(2);
const pool = new Pool(upstream, { connections: 512 });

const server = createServer(async (request, response) => {
  try {
    const { host, connection, 'content-length': length, ...headers } = request.headers;
    if (length !== undefined) headers['content-length'] = length;
    const answer = await pool.request({ method: request.method, path, headers, body: request });
    response.writeHead(answer.statusCode, answer.headers);
    pipeline(answer.body, response, () => undefined);
  } catch {
    response.writeHead(502).end();
  }
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
