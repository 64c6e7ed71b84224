/** Takes members out of a JSON object in its bytes. */
import type { Edit, JsonMembers, Member } from '../json-scan.js';

/** Edits that remove the named members, each with the comma that parts it from its neighbour. */
export function removalOf(members: JsonMembers, names: ReadonlySet<string>): readonly Edit[] {
  if (names.size === 0) return [];
  const inOrder = [...members.values].sort(([, a], [, b]) => a.start - b.start);
  const edits: Edit[] = [];
  let kept: Member | null = null;
  /** First of the members to remove since the last one kept. */
  let gap: Member | null = null;
  let gapEnd = 0;
  for (const [name, member] of inOrder) {
    if (names.has(name)) {
      gap ??= member;
      gapEnd = member.end;
      continue;
    }
    // At the front the comma behind goes along, elsewhere the one before.
    if (gap !== null) edits.push(edgeOf(kept, gap, gapEnd, member.keyStart));
    gap = null;
    kept = member;
  }
  if (gap !== null) edits.push(edgeOf(kept, gap, gapEnd, gapEnd));
  return edits;
}

function edgeOf(kept: Member | null, gap: Member, gapEnd: number, nextStart: number): Edit {
  return kept === null
    ? { start: gap.keyStart, end: nextStart, text: '' }
    : { start: kept.end, end: gapEnd, text: '' };
}
