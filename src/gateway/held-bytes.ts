/** Bytes that are let go of when nobody needs them any more, though their owner lives on. */

export interface HeldBytes {
  readonly length: number;
  /** Throws once they were let go of. */
  bytes(): Buffer;
  release(): void;
}

export function holdBytes(given: Buffer): HeldBytes {
  let held: Buffer | null = given;
  return {
    length: given.length,
    bytes() {
      if (held === null) throw new Error('these bytes were let go of');
      return held;
    },
    release() {
      held = null;
    },
  };
}
