/** Tokens of an answer: as the provider stated them, else an estimate that is marked as one. */
import { NO_TOKENS } from '../domain/tokens.js';
import type { StreamState } from '../protocols/protocol.js';
import { tokensOf, type StatedUsage } from '../protocols/usage.js';
import type { Measured } from './ledger.js';

/** Bytes of text to a token, roughly, over languages and code. */
const BYTES_PER_TOKEN = 4;

/** A whole answer. */
export function measureAnswer(usage: StatedUsage, requestBytes: number, answerBytes: number): Measured {
  const tokens = tokensOf(usage);
  if (tokens) return { tokens, tokenSource: 'REPORTED' };
  return estimated(requestBytes, Math.ceil(answerBytes / BYTES_PER_TOKEN));
}

/** A stream so far. One that was cut short has not stated its output yet: the frames seen stand in for it. */
export function measureStream(stream: Readonly<StreamState>, requestBytes: number): Measured {
  const stated = tokensOf(stream.usage);
  if (stated && stream.finished) return { tokens: stated, tokenSource: 'REPORTED' };
  if (stated) {
    const output = Math.max(stated.output, stream.contentFrames);
    return {
      tokens: { ...stated, output },
      tokenSource: output === stated.output ? 'REPORTED' : 'ESTIMATED',
    };
  }
  return stream.opened
    ? estimated(requestBytes, stream.contentFrames)
    : { tokens: NO_TOKENS, tokenSource: 'REPORTED' };
}

function estimated(requestBytes: number, output: number): Measured {
  const input = Math.ceil(requestBytes / BYTES_PER_TOKEN);
  return { tokens: { ...NO_TOKENS, input, output }, tokenSource: 'ESTIMATED' };
}
