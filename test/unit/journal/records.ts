/** Journal records for tests: valid by default, told apart by a name, changed where a test says so. */
import { NO_TOKENS } from '../../../src/domain/tokens.js';
import type {
  AttemptRecord,
  BeginRecord,
  EndRecord,
  ProgressRecord,
  RequestRecord,
} from '../../../src/journal/record.js';
import { newId } from '../../../src/domain/ids.js';

export const T0 = Date.UTC(2026, 10, 22, 10, 15, 0);

const idsByName = new Map<string, string>();

/** The event id that stands for a name; names of the same test file share it. */
export function eventId(name: string, startedAt = T0): string {
  const known = idsByName.get(name);
  if (known !== undefined) return known;
  const id = newId('event', startedAt);
  idsByName.set(name, id);
  return id;
}

export function requestRecord(name: string, changes: Partial<RequestRecord> = {}): RequestRecord {
  return {
    id: eventId(name),
    workspaceId: 'ws_1',
    requestId: `req_${name}`,
    accessKeyId: 'key_1',
    requestedModel: 'zai/glm-5.1',
    protocol: 'OPENAI_CHAT',
    streamed: false,
    tierId: null,
    tierSlug: null,
    reason: 'named',
    ...changes,
  };
}

export function attemptRecord(changes: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    modelRef: 'zai/glm-5.1',
    provider: 'zai',
    offering: 'zai/coding-plan',
    connectionId: 'conn_1',
    billing: 'SUBSCRIPTION',
    price: {
      id: 'price_1',
      input: '1000000000',
      output: '3200000000',
      cacheRead: '200000000',
      cacheWrite: null,
    },
    failure: null,
    tokens: { ...NO_TOKENS, input: 100, output: 20 },
    tokenSource: 'REPORTED',
    durationMs: 400,
    ...changes,
  };
}

export function beginRecord(name: string, changes: Partial<RequestRecord> = {}): BeginRecord {
  return { kind: 'begin', request: requestRecord(name, changes) };
}

export function progressRecord(
  name: string,
  attempts: AttemptRecord[],
  firstTokenMs: number | null = null,
): ProgressRecord {
  return { kind: 'progress', id: eventId(name), attempts, firstTokenMs };
}

export function endRecord(name: string, changes: Partial<EndRecord> = {}): EndRecord {
  return {
    kind: 'end',
    request: requestRecord(name),
    occurredAt: T0 + 450,
    durationMs: 450,
    firstTokenMs: null,
    status: 'OK',
    failure: null,
    attempts: [attemptRecord()],
    ...changes,
  };
}
