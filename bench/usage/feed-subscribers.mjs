/** Follows usage over websockets with much or little of each event, and answers how fast and how late it came. */
import { WebSocket } from 'ws';
import { keyId, KEYS, TIERS } from './traffic.mjs';

const OPERATIONS_PER_SOCKET = 20;
const TOKENS = 'tokens { input cacheRead cacheWrite output reasoning total }';
const ERROR = 'error { class httpStatus message retryAt }';
const SCALARS = `id occurredAt requestId requestedModel modelRef billing protocol streamed status tokenSource
  durationMs firstTokenMs costUsd listCostUsd ${TOKENS} ${ERROR}`;
const SELECTIONS = {
  scalars: SCALARS,
  everything: `${SCALARS} provider { slug name } connection { id label } accessKey { id name }
    attempts { modelRef offering billing durationMs costUsd connection { id label } ${TOKENS} ${ERROR} }`,
};

const [url, token, subscribers, selection, after, expected] = process.argv.slice(2);
const count = Number(subscribers);
const QUERY = `subscription ($filter: UsageFilterInput, $after: String) {
  usageRecorded(filter: $filter, after: $after) {
    cursor replayed droppedBefore event { ${SELECTIONS[selection]} } } }`;
const delays = [];
let dropped = 0;
let failure = null;
let firstAt = 0;
let lastAt = 0;

for (let first = 0; first < count; first += OPERATIONS_PER_SOCKET) {
  await open(first, Math.min(OPERATIONS_PER_SOCKET, count - first));
}
setTimeout(() => process.send('subscribed'), after === '' ? 500 : 0);
process.on('message', () => {
  const heardPerSecond = (delays.length * 1_000) / (lastAt - firstAt);
  process.send({ delays, heard: delays.length, dropped, failure, heardPerSecond }, () => process.exit());
});

/** One alone hears everything; of many each follows one key on one tier, a hundredth of the traffic. */
function variables(i) {
  if (count === 1) return after === '' ? {} : { after };
  return {
    filter: { tiers: [TIERS[i % TIERS.length]], accessKeys: [keyId(Math.floor(i / TIERS.length) % KEYS)] },
  };
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
        for (let i = 0; i < operations; i++) {
          const payload = { query: QUERY, variables: variables(first + i) };
          send({ id: String(i), type: 'subscribe', payload });
        }
        resolve();
      } else if (message.type === 'next') take(message.payload);
      else if (message.type === 'error') failure = message.payload;
    });
  });
}

function take({ data, errors }) {
  if (errors) failure = errors;
  lastAt = Date.now();
  if (firstAt === 0) firstAt = lastAt;
  delays.push(lastAt - Date.parse(data.usageRecorded.event.occurredAt));
  dropped += data.usageRecorded.droppedBefore;
  if (delays.length + dropped === Number(expected)) process.send('all');
}
