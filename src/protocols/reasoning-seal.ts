/**
 * Whose thought a thought is, in a form that clients carry for us. Dialects have a field that clients must send back
 * unread (a signature, encrypted content); what stands in it is the provider's seal together with the model it is from, so
 * that a later turn shows a thought to that model only.
 */
import { WIRE_PROTOCOLS, type WireProtocol } from '../domain/vocabulary.js';
import type { ReasoningOrigin } from './canonical.js';

/** How every seal of ours begins. */
export const SEAL_PREFIX = 'sy1.';

interface Sealed {
  readonly m: string;
  readonly p: WireProtocol;
  readonly s: string | null;
  readonly i?: string;
  readonly r?: true;
}

/** The text a client keeps for an origin. One whose model is unknown keeps the provider's own seal. */
export function sealText(origin: ReasoningOrigin): string {
  if (origin.model === null) return origin.signature ?? '';
  const sealed: Sealed = {
    m: origin.model,
    p: origin.protocol,
    s: origin.signature,
    ...(origin.itemId !== undefined && { i: origin.itemId }),
    ...(origin.redacted && { r: true }),
  };
  return SEAL_PREFIX + Buffer.from(JSON.stringify(sealed), 'utf8').toString('base64url');
}

/** The origin a client sent back. What we did not write is a provider's own seal, of a model we do not know. */
export function readSeal(text: string | null, protocol: WireProtocol): ReasoningOrigin {
  const sealed = text?.startsWith(SEAL_PREFIX) ? parse(text.slice(SEAL_PREFIX.length)) : null;
  if (sealed === null) return { model: null, protocol, signature: text === '' ? null : text };
  return {
    model: sealed.m,
    protocol: sealed.p,
    signature: sealed.s,
    ...(sealed.i !== undefined && { itemId: sealed.i }),
    ...(sealed.r && { redacted: true }),
  };
}

/** Whether a thought may be shown to a model. */
export function isFrom(origin: ReasoningOrigin, model: string): boolean {
  return origin.model === model;
}

function parse(text: string): Sealed | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return isSealed(value) ? value : null;
  } catch {
    // Cut or changed on its way: a thought of nobody's.
    return null;
  }
}

function isSealed(value: unknown): value is Sealed {
  if (typeof value !== 'object' || value === null) return false;
  const { m, p, s, i, r } = value as Partial<Record<keyof Sealed, unknown>>;
  return (
    typeof m === 'string' &&
    WIRE_PROTOCOLS.includes(p as WireProtocol) &&
    (s === null || typeof s === 'string') &&
    (i === undefined || typeof i === 'string') &&
    (r === undefined || r === true)
  );
}
