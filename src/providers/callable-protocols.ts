/** The formats a model can really be called with. */
import type { WireProtocol } from '../domain/vocabulary.js';
import type { OfferingDefinition } from './define-provider.js';

/**
 * Formats of a model for which its offering has an address, preferred first. None for a model that its provider serves
 * in a format unknown here only: it is known and cannot be called.
 */
export function callableProtocols(
  { endpoints, protocolsOf }: Pick<OfferingDefinition, 'endpoints' | 'protocolsOf'>,
  upstreamId: string,
): readonly WireProtocol[] {
  const spoken = endpoints.map(({ protocol }) => protocol);
  return protocolsOf?.(upstreamId).filter((protocol) => spoken.includes(protocol)) ?? spoken;
}
