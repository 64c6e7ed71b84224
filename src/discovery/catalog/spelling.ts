/** The many spellings of one model: vendors in front, tags behind, capitals, dots and dashes. */

/** Tags that choose a mode of a model, or say where it runs. They do not change what its tokens cost at list. */
const MODE_TAG = /:(?:thinking|online|memory|cloud|latest)\b/g;

/** A tag that is a date pins a version. Sizes (`:120b`) stay: another size is another model. */
const DATE_TAG = /:\d{4,}$/;

/**
 * Spellings under which a model may be known, closest first, in canonical form: as it is, without its vendor, without
 * mode tags, and at last without what only says where it runs or which build it is.
 */
export function spellingsOf(upstreamId: string): readonly string[] {
  const name = upstreamId.toLowerCase().split('/').at(-1) ?? '';
  const bare = name.replace(/^hf:/, '').replace(MODE_TAG, '');
  const shortened = [
    bare.replace(/-(?:tee|cloud)$/, ''),
    bare.replace(/^zai-(?=glm-)/, ''),
    bare.replace(DATE_TAG, ''),
  ];
  return [...new Set([upstreamId, name, bare, ...shortened].map(canonical))];
}

/** One form for what differs only in capitals and in dots, colons or dashes between the parts of a name. */
export function canonical(spelling: string): string {
  return spelling.toLowerCase().replace(/[.:_]/g, '-');
}
