/**
 * Short messages between nodes. They are fast and may get lost: whoever acts on one reads what it is about from the
 * database, and looks there again whenever some may have been missed.
 */

export interface SignalListener {
  /** What a node sent, this one included. */
  heard(text: string): void;
  /** Messages may have been lost: the connection is new, or was away for a while. */
  missed(): void;
}

export interface SignalCounts {
  readonly sent: number;
  readonly heard: number;
  /** Times the connection was lost. */
  readonly losses: number;
}

/** One way for messages to travel. */
export interface Signals {
  /** `redis` or `postgres`, for health and metrics. */
  readonly name: string;
  /** Whether messages get through, as far as is known. */
  readonly connected: boolean;
  /** Hands a message over without waiting and never throws; false when it certainly is not on its way. */
  send(text: string): boolean;
  readonly counts: SignalCounts;
  close(): Promise<void>;
}

/** Makes a way for messages that tells `listener` what it hears. */
export type OpenSignals = (listener: SignalListener) => Signals;
