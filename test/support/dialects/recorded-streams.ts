/** Streams of real providers, as they came over the wire. */
import { readdirSync, readFileSync } from 'node:fs';
import type { ChatProtocol } from '../../../src/domain/vocabulary.js';

const FOLDER = new URL('../../fixtures/streams/', import.meta.url);

export interface RecordedStream {
  readonly name: string;
  readonly protocol: ChatProtocol;
  readonly bytes: Buffer;
}

/** Every recording, in the order of their names. */
export const RECORDED_STREAMS: readonly RecordedStream[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.chunks.txt'))
  .toSorted()
  .map((file) => {
    const lines = readFileSync(new URL(file, FOLDER), 'utf8').split('\n').filter(Boolean);
    const protocol = protocolOf(file);
    return {
      name: file.replace('.chunks.txt', ''),
      protocol,
      bytes: Buffer.from(framed(protocol, lines).join('')),
    };
  });

function protocolOf(file: string): ChatProtocol {
  if (file.startsWith('anthropic')) return 'ANTHROPIC_MESSAGES';
  if (file.startsWith('google')) return 'GEMINI';
  return file.startsWith('openai-custom') ? 'OPENAI_RESPONSES' : 'OPENAI_CHAT';
}

function framed(protocol: ChatProtocol, lines: readonly string[]): string[] {
  switch (protocol) {
    case 'OPENAI_CHAT':
      return [...lines, '[DONE]'].map((line) => `data: ${line}\n\n`);
    case 'GEMINI':
      return lines.map((line) => `data: ${line}\r\n\r\n`);
    default:
      return lines.map((line) => `event: ${(JSON.parse(line) as { type: string }).type}\ndata: ${line}\n\n`);
  }
}
