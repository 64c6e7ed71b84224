/** Proves a credential by the calls its offering names for that. */
import { VERIFY_TIMEOUT_MS } from '../config/limits.js';
import type { UpstreamFailure } from '../domain/failure.js';
import { judgeProbe } from '../providers/failure.js';
import { askProvider, withoutSecret, type AskProviderDeps, type ProviderAccess } from './ask-provider.js';

/** Null when the provider accepts the credential for this offering, else why not. */
export type ProbeCredential = (
  access: ProviderAccess,
  signal?: AbortSignal,
) => Promise<UpstreamFailure | null>;

/** A probe that makes the calls in their order and stops at the first objection; all share one deadline. */
export function createCredentialProbe(deps: AskProviderDeps): ProbeCredential {
  return async (access, signal) => {
    const deadline = deps.clock.monotonic() + VERIFY_TIMEOUT_MS;
    for (const probe of access.offering.verify) {
      const timeoutMs = Math.max(1, Math.round(deadline - deps.clock.monotonic()));
      const asked = await askProvider(deps, access, probe, timeoutMs, signal);
      const failure =
        'failure' in asked
          ? asked.failure
          : judgeProbe(access.offering, probe, asked.answer, asked.answer.hints);
      if (failure) return withoutSecret(failure, access.secret);
    }
    return null;
  };
}
