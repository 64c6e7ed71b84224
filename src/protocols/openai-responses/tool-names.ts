/** Names for tools that their caller keeps in namespaces, in formats that know plain names only. */
import { createHash } from 'node:crypto';

/** Longest name of a function: OpenAI's documented maximum, which others share. */
const NAME_MAX_CHARS = 64;

/** The same namespace and name always become the same one name; with no namespace it is the name itself. */
export function plainName(namespace: string | null, name: string): string {
  if (namespace === null || namespace === '') return name;
  const joined = namespace.endsWith('__') ? `${namespace}${name}` : `${namespace}__${name}`;
  if (joined.length <= NAME_MAX_CHARS) return joined;
  const digest = createHash('sha256').update(joined).digest('hex').slice(0, 8);
  return `${joined.slice(0, NAME_MAX_CHARS - digest.length - 1)}_${digest}`;
}
