/** Reads a request body for the classifier: the last words of the user, and counts of everything else. */
import type { ChatProtocol } from '../../domain/vocabulary.js';
import type { JsonMembers } from '../../protocols/json-scan.js';
import { readEffort } from './effort.js';
import { peelEnvelopes } from './envelopes.js';
import { readContent, readItem, type Content, type Item } from './items.js';
import { eachElement, endOfValue } from './skim.js';
import { windowOf, type ConversationView } from './view.js';

const SYSTEM_OPENING_BYTES = 300;

/** Where each dialect puts things; the items themselves differ little and are read alike. */
const PLACES: Record<ChatProtocol, { readonly items: string; readonly system: string }> = {
  OPENAI_CHAT: { items: 'messages', system: 'system' },
  ANTHROPIC_MESSAGES: { items: 'messages', system: 'system' },
  OPENAI_RESPONSES: { items: 'input', system: 'instructions' },
  GEMINI: { items: 'contents', system: 'systemInstruction' },
};

const OUTPUT_BOUNDS = ['max_completion_tokens', 'max_output_tokens', 'max_tokens'];

/** What has been seen so far on the way through the conversation. */
interface Progress {
  /** Parts of what the user said last, as they are written in JSON. */
  said: string[];
  /** Whether a model or a tool spoke since, so that the next words of the user begin a new turn. */
  answered: boolean;
  turns: number;
  toolResults: number;
  toolCount: number;
  toolBytes: number;
  images: number;
  systemBytes: number;
  systemOpening: string;
}

/** Reads a body whose members were scanned. Never throws: what is not understood is not counted. */
export function readConversation(
  protocol: ChatProtocol,
  body: Buffer,
  members: JsonMembers,
): ConversationView {
  const places = PLACES[protocol];
  const json = body.toString('latin1');
  const progress: Progress = {
    said: [],
    answered: false,
    turns: 0,
    toolResults: 0,
    toolCount: 0,
    toolBytes: 0,
    images: 0,
    systemBytes: 0,
    systemOpening: '',
  };
  const tools = members.values.get('tools');
  if (tools) noteTools(countElements(json, tools.start), tools.end - tools.start, progress);
  const system = members.values.get(places.system);
  if (system) noteSystem(json, readContent(json, system.start), progress);
  const items = members.values.get(places.items);
  if (items && json[items.start] === '"') noteWords(json, readContent(json, items.start), progress);
  else if (items) {
    eachElement(json, items.start, (start) => {
      const item = readItem(json, start);
      noteItem(json, item, progress);
      return item.end;
    });
  }
  const { said, answered: _answered, ...counts } = progress;
  const { text, bytes } = windowOf(said, decode);
  return {
    ...counts,
    text,
    textBytes: bytes,
    totalBytes: body.length,
    maxOutputTokens: readOutputBound(json, members),
    effort: readEffort(protocol, json, members),
  };
}

function noteItem(json: string, { role, type, content, tools, toolBytes }: Item, progress: Progress): void {
  if (type === 'additional_tools') {
    noteTools(tools, toolBytes, progress);
  } else if (role === 'system' || role === 'developer') {
    if (content) noteSystem(json, content, progress);
  } else if (role === 'user') {
    if (!content) return;
    if (content.toolResults > 0) progress.answered = true;
    progress.toolResults += content.toolResults;
    progress.images += content.images;
    noteWords(json, content, progress);
  } else {
    progress.answered = true;
    if (role === 'tool' || role === 'function' || type.endsWith('_output')) progress.toolResults++;
    progress.images += content?.images ?? 0;
  }
}

/** Words of the user continue the turn until somebody answers; envelopes alone are no words. */
function noteWords(json: string, { texts }: Content, progress: Progress): void {
  const parts = texts.flatMap(({ start, end }) => peelEnvelopes(json, start, end));
  if (parts.length === 0) return;
  if (progress.answered || progress.turns === 0) {
    progress.said = [];
    progress.turns++;
    progress.toolResults = 0;
    progress.answered = false;
  }
  progress.said.push(...parts);
}

function noteTools(count: number, bytes: number, progress: Progress): void {
  progress.toolCount += count;
  progress.toolBytes += bytes;
}

function noteSystem(json: string, { texts, start, end }: Content, progress: Progress): void {
  progress.systemBytes += end - start;
  const opening = texts[0];
  if (progress.systemOpening !== '' || opening === undefined) return;
  progress.systemOpening = decode(
    json.slice(opening.start, Math.min(opening.end, opening.start + SYSTEM_OPENING_BYTES)),
  );
}

function countElements(json: string, start: number): number {
  let count = 0;
  eachElement(json, start, (at) => {
    count++;
    return endOfValue(json, at);
  });
  return count;
}

function readOutputBound(json: string, members: JsonMembers): number | null {
  for (const name of OUTPUT_BOUNDS) {
    const member = members.values.get(name);
    const bound = member ? Number(json.slice(member.start, member.end)) : 0;
    if (bound > 0) return bound;
  }
  return null;
}

/** The text of a JSON string's inside, which may be cut anywhere. */
function decode(raw: string): string {
  const text = Buffer.from(raw, 'latin1').toString('utf8');
  if (!text.includes('\\')) return text;
  try {
    return String(JSON.parse(`"${text.replace(CUT_ESCAPE, '$1')}"`));
  } catch {
    return text.replaceAll(/\\[nrt]/g, '\n').replaceAll('\\', '');
  }
}

/** An escape at the end of which a part is missing. */
const CUT_ESCAPE = /((?:^|[^\\])(?:\\\\)*)\\(?:u[0-9a-fA-F]{0,3})?$/;
