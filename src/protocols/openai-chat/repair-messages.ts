/** Edits on the messages of a chat request that is passed on. */
import type { JsonObject } from '../dialect.js';
import { isObject, listOf, objectOf, text } from '../fields.js';
import {
  appendMember,
  parseSpan,
  scanElements,
  scanMembers,
  scanObjects,
  type JsonMembers,
} from '../json-scan.js';
import { toolIdFor } from '../repairs.js';
import { pictureByUrl } from './provider-parts.js';
import { removalOf } from './remove-members.js';
import type { Repairing } from './repairing.js';

const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;

/** Looks at the messages only for targets that take them differently. `instruction` is put before them. */
export function repairMessages(repairing: Repairing, instruction: JsonObject | null): void {
  const { body, members, target, edits } = repairing;
  const { noDeveloperRole, emptyContent, toolIds, noImageUrls, refusedMessageFields } = target.quirks;
  const span = members.values.get('messages');
  if (span === undefined || body[span.start] !== OPEN_ARRAY) return;
  const looks = noDeveloperRole === true || emptyContent === true || noImageUrls === true;
  let isEmpty = true;
  if (looks || toolIds !== undefined || refusedMessageFields !== undefined || instruction !== null) {
    isEmpty = scanObjects(body, span.start, (message) => repairMessage(repairing, message)) === 0;
  }
  if (instruction === null) return;
  const at = span.start + 1;
  edits.push({ start: at, end: at, text: `${JSON.stringify(instruction)}${isEmpty ? '' : ','}` });
}

function repairMessage(repairing: Repairing, message: JsonMembers): void {
  const { body, edits, repairs, target } = repairing;
  const { noDeveloperRole, toolIds, noImageUrls } = target.quirks;
  const roleSpan = message.values.get('role');
  const role = roleSpan === undefined ? null : parseSpan(body, roleSpan);
  if (roleSpan !== undefined && role === 'developer' && noDeveloperRole === true) {
    edits.push({ ...roleSpan, text: '"system"' });
    repairs.add('developer_role');
  }
  removeRefused(repairing, message);
  if (role === 'assistant') repairTurn(repairing, message);
  if (role === 'tool' && toolIds !== undefined) repairId(repairing, message, 'tool_call_id');
  if (role === 'user' && noImageUrls === true) refuseImageUrls(repairing, message);
}

function removeRefused({ edits, repairs, target }: Repairing, message: JsonMembers): void {
  const names = (target.quirks.refusedMessageFields ?? []).filter((name) => message.values.has(name));
  edits.push(...removalOf(message, new Set(names)));
  for (const name of names) repairs.add(`removed.messages.${name}`);
}

function repairTurn(repairing: Repairing, message: JsonMembers): void {
  const { body, edits, repairs, target } = repairing;
  const calls = message.values.get('tool_calls');
  if (calls === undefined || body[calls.start] !== OPEN_ARRAY) return;
  const content = message.values.get('content');
  const isSilent = content === undefined || body.toString('latin1', content.start, content.end) === 'null';
  if (isSilent && target.quirks.emptyContent === true) {
    edits.push(content === undefined ? appendMember(message, 'content', '""') : { ...content, text: '""' });
    repairs.add('empty_content');
  }
  if (target.quirks.toolIds === undefined) return;
  scanElements(body, calls.start, (call) => {
    if (body[call.start] === OPEN_OBJECT) repairId(repairing, scanMembers(body, call.start), 'id');
    return true;
  });
}

function repairId({ body, edits, repairs, target }: Repairing, members: JsonMembers, key: string): void {
  const span = members.values.get(key);
  const id = span === undefined ? null : text(parseSpan(body, span));
  if (span === undefined || id === null) return;
  const fitting = toolIdFor(id, target.quirks.toolIds);
  if (fitting === id) return;
  edits.push({ ...span, text: JSON.stringify(fitting) });
  repairs.add('tool_ids');
}

function refuseImageUrls({ body, target }: Repairing, message: JsonMembers): void {
  const content = message.values.get('content');
  if (content === undefined || body[content.start] !== OPEN_ARRAY) return;
  for (const part of listOf(parseSpan(body, content)).filter(isObject)) {
    const stated = part['image_url'];
    const url = text(stated) ?? text(objectOf(stated)['url']);
    if (url !== null && !/^data:/i.test(url)) throw pictureByUrl(target);
  }
}
