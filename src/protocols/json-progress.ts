/** Tells when a JSON object that arrives in pieces is complete, looking at each character once. */
export interface JsonProgress {
  push(text: string): void;
  /** Whether an object was opened and closed again. */
  readonly complete: boolean;
}

export function createJsonProgress(): JsonProgress {
  let depth = 0;
  let inString = false;
  let escaped = false;
  let complete = false;
  const inside = (char: string): void => {
    if (escaped) escaped = false;
    else if (char === '\\') escaped = true;
    else if (char === '"') inString = false;
  };
  const outside = (char: string): void => {
    if (char === '"') inString = true;
    else if (char === '{' || char === '[') depth++;
    else if ((char === '}' || char === ']') && depth > 0) complete = --depth === 0;
  };
  return {
    push(text) {
      for (let at = 0; at < text.length && !complete; at++) {
        const char = text.charAt(at);
        if (inString) inside(char);
        else outside(char);
      }
    },
    get complete() {
      return complete;
    },
  };
}
