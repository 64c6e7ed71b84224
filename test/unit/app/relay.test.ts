import { expect, it } from 'vitest';
import type { Bound } from '../../../src/admission/counter.js';
import type { ProcessOrder, ProcessRole } from '../../../src/app/messages.js';
import { createRelay, type Peer, type Relay } from '../../../src/app/relay.js';
import { systemClock } from '../../../src/domain/clock.js';

const ONE_AT_A_TIME: Bound = { counter: { kind: 'RUNNING', accessKeyId: 'key_1' }, max: 1, amount: 1 };

function peer(role: ProcessRole, pid: number): Peer & { readonly heard: ProcessOrder[] } {
  const heard: ProcessOrder[] = [];
  return { role, pid, heard, send: (order) => void heard.push(order) };
}

function reserve(relay: Relay, from: Peer, id: string): void {
  const reservation = { id, bounds: [ONE_AT_A_TIME], unseeded: false };
  relay.take(from, { kind: 'count', call: { kind: 'reserve', reservation } });
}

function answersTo({ heard }: ReturnType<typeof peer>): string[] {
  return heard.flatMap((order) => (order.kind === 'counted' ? [order.answer.kind] : []));
}

it('counts for all gateways together, and lets go of what a dead one set aside', () => {
  const relay = createRelay({ clock: systemClock });
  const [one, other] = [peer('gateway', 1), peer('gateway', 2)];
  relay.joined(one);
  relay.joined(other);
  reserve(relay, one, 'event_1');
  reserve(relay, other, 'event_2');
  relay.left(one);
  reserve(relay, other, 'event_3');
  expect(answersTo(one)).toEqual(['RESERVED']);
  expect(answersTo(other)).toEqual(['REFUSED', 'RESERVED']);
});

it('sets nothing aside for a process whose last words arrive after its end', () => {
  const relay = createRelay({ clock: systemClock });
  const [dead, living] = [peer('gateway', 1), peer('gateway', 2)];
  relay.joined(dead);
  relay.joined(living);
  relay.left(dead);
  reserve(relay, dead, 'event_1');
  reserve(relay, living, 'event_2');
  expect(answersTo(living)).toEqual(['RESERVED']);
});

it('says a configuration is in force once every living gateway works on it, and hears nothing of dead ones', () => {
  const relay = createRelay({ clock: systemClock });
  const control = peer('control', 1);
  const [one, other] = [peer('gateway', 2), peer('gateway', 3)];
  for (const each of [control, one, other]) relay.joined(each);
  relay.take(one, { kind: 'in-force', version: 7 });
  relay.take(other, { kind: 'in-force', version: 9 });
  relay.left(one);
  relay.take(one, { kind: 'in-force', version: 8 });
  relay.take(other, { kind: 'in-force', version: 10 });
  const versions = control.heard.flatMap((order) => (order.kind === 'in-force' ? [order.version] : []));
  expect(versions).toEqual([0, 7, 10]);
});

it('tells a control process that was started again what gateways, dead ones too, said of the journal', () => {
  const relay = createRelay({ clock: systemClock });
  const [first, gateway, second] = [peer('control', 1), peer('gateway', 2), peer('control', 3)];
  relay.joined(first);
  relay.joined(gateway);
  const losses = { failing: true, dropped: 3, full: false, lostSegments: 1, lostBytes: 10, syncFailures: 0 };
  relay.take(gateway, { kind: 'journal', trouble: losses });
  relay.left(gateway);
  relay.left(first);
  relay.joined(second);
  relay.served(second);
  expect(second.heard).toContainEqual({ kind: 'journal', pid: 2, trouble: { ...losses, failing: false } });
});
