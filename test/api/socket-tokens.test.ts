/** How long a websocket outlives its token: revoked here, revoked on another node, or past its time. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { revokeToken } from '../../src/admin/tokens/revoke.js';
import { ADMIN_TOKEN_TRUST_MS, SOCKET_TOKEN_CHECK_MS } from '../../src/config/graphql-limits.js';
import type { AdminServer } from '../../src/graphql/server.js';
import { createBus } from '../../src/live/bus.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { quietLogger } from '../support/database.js';
import { createGraphqlClient } from '../support/graphql-client.js';
import { openSocket, type RawSocket } from '../support/socket.js';
import { until } from '../support/wait.js';
import { startHarness, type Harness } from '../unit/admin/harness.js';
import { addToken, addWorkspace } from './tenants.js';

const FORBIDDEN = { code: 4403, reason: 'Forbidden' };
const FOLLOW = 'subscription { connectionHealth { connection { id } } }';

let harness: Harness;
let server: AdminServer;
let workspaceId: string;

beforeAll(async () => {
  harness = await startHarness();
  server = await startTestAdminServer(harness);
  workspaceId = await addWorkspace(harness, 'tokens');
});
afterAll(async () => {
  await server.close();
  await harness[Symbol.asyncDispose]();
});

/** A socket that follows something. */
async function following(token: string): Promise<RawSocket> {
  const before = server.live.subscribers;
  const socket = await openSocket(server.url);
  expect((await socket.init(token)).type).toBe('connection_ack');
  socket.send({ type: 'subscribe', id: '1', payload: { query: FOLLOW } });
  await until('it follows', () => server.live.subscribers > before);
  return socket;
}
async function lives(socket: RawSocket): Promise<void> {
  socket.send({ type: 'ping' });
  expect((await socket.next()).type).toBe('pong');
}
const revoke = (id: string, bus = harness.bus): Promise<unknown> =>
  revokeToken({ database: harness.database, clock: harness.clock, bus }, 'operator', id);

describe('the sockets of a token', () => {
  it.each([
    ['on this node', () => harness.bus],
    ['on another node, which shares nothing but the database', () => createBus(quietLogger)],
  ])('close with 4403 when it is revoked %s, and those of other tokens stay', async (_name, bus) => {
    const [doomed, other] = [await addToken(harness, workspaceId), await addToken(harness, workspaceId)];
    const sockets = [await following(doomed.token), await following(doomed.token)];
    const staying = await following(other.token);
    await revoke(doomed.id, bus());
    for (const socket of sockets) expect(await socket.ended).toEqual(FORBIDDEN);
    await until('theirs alone are released', () => server.live.subscribers === 1);
    await lives(staying);
    expect((await createGraphqlClient(server.url, doomed.token).send('{ __typename }')).status).toBe(401);
    staying.socket.terminate();
    await until('all are released', () => server.live.subscribers === 0);
  });

  it('are looked at often enough for that to take less than a second', () => {
    expect(ADMIN_TOKEN_TRUST_MS + SOCKET_TOKEN_CHECK_MS).toBeLessThan(1_000);
  });

  it('close with 4403 when its time is over, in the middle of what they follow', async () => {
    const { id, token } = await addToken(harness, workspaceId);
    const expiresAt = harness.clock.now() + 700;
    await harness.database.query('UPDATE admin_token SET expires_at = $2 WHERE id = $1', [
      id,
      new Date(expiresAt),
    ]);
    const socket = await following(token);
    expect(await socket.ended).toEqual(FORBIDDEN);
    expect(harness.clock.now()).toBeGreaterThanOrEqual(expiresAt);
    await until('it is released', () => server.live.subscribers === 0);
    const late = await openSocket(server.url);
    late.send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
    expect(await late.ended).toEqual(FORBIDDEN);
    expect(late.transcript()).toBe('');
  });
});
