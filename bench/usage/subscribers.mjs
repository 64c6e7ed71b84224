/** Follows usage over websockets, some operations to each, and answers how late events were. */
import { WebSocket } from 'ws';
import { keyId, KEYS, TIERS } from './traffic.mjs';

const OPERATIONS_PER_SOCKET = 20;
const QUERY = `subscription ($filter: UsageFilterInput) {
  usageRecorded(filter: $filter) { droppedBefore event { id occurredAt status costUsd tokens { total } } } }`;

const [url, token, subscribers] = process.argv.slice(2);
const count = Number(subscribers);
let delays = [];
let dropped = 0;
let failure = null;

for (let first = 0; first < count; first += OPERATIONS_PER_SOCKET) {
  await open(first, Math.min(OPERATIONS_PER_SOCKET, count - first));
}
process.send('subscribed');
process.on('message', (message) => {
  if (message === 'start') [delays, dropped] = [[], 0];
  if (message === 'stop') process.send({ delays, dropped, failure }, () => process.exit());
});

/** One alone hears everything; of many each follows one key on one tier, a hundredth of the traffic. */
function variables(i) {
  return count === 1 ? {} : { filter: { tiers: [TIERS[i % TIERS.length]], accessKeys: [keyId(i % KEYS)] } };
}

async function open(first, operations) {
  const socket = new WebSocket(url, 'graphql-transport-ws');
  const send = (message) => socket.send(JSON.stringify(message));
  await new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('open', () =>
      send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }),
    );
    socket.on('message', (data) => {
      const message = JSON.parse(data);
      if (message.type === 'connection_ack') {
        for (let i = 0; i < operations; i++)
          send({
            id: String(i),
            type: 'subscribe',
            payload: { query: QUERY, variables: variables(first + i) },
          });
        resolve();
      } else if (message.type === 'next') take(message.payload);
      else if (message.type === 'error') failure = message.payload;
    });
  });
}

function take({ data }) {
  delays.push(Date.now() - Date.parse(data.usageRecorded.event.occurredAt));
  dropped += data.usageRecorded.droppedBefore;
}
