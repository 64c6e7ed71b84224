/** However the network cuts a stream, the same bytes leave and the same usage is read. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatProtocol } from '../../src/domain/vocabulary.js';
import { madeFrames, ORDERS, type Order } from '../support/dialects/made-streams.js';
import { RECORDED_STREAMS } from '../support/dialects/recorded-streams.js';
import { PROVIDERS, translate, TRANSLATIONS, watch } from '../support/dialects/streams.js';

interface Sample {
  readonly name: string;
  readonly protocol: ChatProtocol;
  readonly bytes: Buffer;
}

const SAMPLES: readonly Sample[] = [
  ...RECORDED_STREAMS,
  ...(Object.keys(PROVIDERS) as ChatProtocol[]).flatMap((protocol) =>
    (Object.keys(ORDERS) as Order[]).map((order) => ({
      name: `${order} in ${protocol}`,
      protocol,
      bytes: Buffer.from(madeFrames(protocol, order).join('')),
    })),
  ),
];

/** Where a stream of so many bytes is cut. Most cuts fall anywhere; some streams come in crumbs for a while. */
const cutsOf = (length: number) =>
  fc
    .tuple(
      fc.array(fc.nat(length), { maxLength: 40 }),
      fc.option(fc.record({ from: fc.nat(length), crumbs: fc.integer({ min: 1, max: 200 }) })),
    )
    .map(([anywhere, crumbled]) => {
      const crumbs = crumbled ? Array.from({ length: crumbled.crumbs }, (_, i) => crumbled.from + i) : [];
      return [...new Set([...anywhere, ...crumbs])].filter((at) => at <= length).toSorted((a, b) => a - b);
    });

/** As many as fit in the same time for every stream. */
function runsFor(length: number): number {
  return Math.min(20, Math.max(3, Math.floor(BYTES_IN_ALL / length)));
}
const BYTES_IN_ALL = 100_000;

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  return [...cuts, bytes.length].map((end, index) => bytes.subarray(cuts[index - 1] ?? 0, end));
}

/** What a stream comes to in every way it may be sent on. */
function outcomes({ protocol }: Sample, chunks: readonly Buffer[]): unknown {
  return {
    watched: watch(protocol, chunks),
    hidden: watch(protocol, chunks, { hideUsage: true }),
    translated: TRANSLATIONS.map(([to, client]) => ({ to, ...translate(protocol, client, chunks) })),
  };
}

describe.each(SAMPLES.map((sample): [string, Sample] => [sample.name, sample]))('%s', (_name, sample) => {
  it('comes to the same in every dialect, cut anywhere', () => {
    const whole = outcomes(sample, [sample.bytes]);
    fc.assert(
      fc.property(cutsOf(sample.bytes.length), (cuts) => {
        expect(outcomes(sample, cut(sample.bytes, cuts))).toEqual(whole);
      }),
      { numRuns: runsFor(sample.bytes.length) },
    );
  });

  it('comes to the same byte by byte', () => {
    const bytes = sample.bytes.subarray(0, 8_000);
    const crumbs = Array.from(bytes, (byte) => Buffer.of(byte));
    expect(outcomes(sample, crumbs)).toEqual(outcomes(sample, [bytes]));
  });
});
