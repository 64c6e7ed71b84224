/** Provider-qualified model names: `provider/upstream-id`, split at the first slash because upstream ids have slashes of their own. */

export interface ModelRef {
  readonly provider: string;
  readonly upstreamId: string;
}

export function formatModelRef(provider: string, upstreamId: string): string {
  return `${provider}/${upstreamId}`;
}

/** Splits at the first slash; null when there is none or a side is empty. */
export function splitModelRef(name: string): ModelRef | null {
  const slash = name.indexOf('/');
  if (slash <= 0 || slash === name.length - 1) return null;
  return { provider: name.slice(0, slash), upstreamId: name.slice(slash + 1) };
}
