/** JSON Schemas as Anthropic takes them for answers: no object there may leave open what else it holds. */
import type { JsonObject } from '../dialect.js';
import { isObject } from '../fields.js';

/** Members whose values are data, not schemas. */
const DATA = new Set(['enum', 'const', 'default', 'examples']);

/** The schema with every object closed that does not say itself whether it is. */
export function closedSchema(schema: JsonObject): { readonly schema: JsonObject; readonly changed: boolean } {
  let changed = false;
  const close = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(close);
    if (!isObject(value)) return value;
    const closed: Record<string, unknown> = {};
    for (const [key, inner] of Object.entries(value)) closed[key] = DATA.has(key) ? inner : close(inner);
    if (value['type'] === 'object' && value['additionalProperties'] === undefined) {
      closed['additionalProperties'] = false;
      changed = true;
    }
    return closed;
  };
  const closed = close(schema);
  return { schema: isObject(closed) ? closed : schema, changed };
}
