/** The formats a model can really be called with. */
import { isChatProtocol, type ModelKind, type WireProtocol } from '../domain/vocabulary.js';
import type { OfferingDefinition } from './define-provider.js';

/**
 * Formats of a model for which its offering has an address, preferred first. None for a model that its provider serves
 * in a format unknown here only: it is known and cannot be called.
 */
export function callableProtocols(
  { endpoints, protocolsOf }: Pick<OfferingDefinition, 'endpoints' | 'protocolsOf'>,
  upstreamId: string,
  kind: ModelKind = 'CHAT',
): readonly WireProtocol[] {
  const spoken = endpoints.map(({ protocol }) => protocol);
  switch (kind) {
    case 'CHAT': {
      const chat = spoken.filter(isChatProtocol);
      return protocolsOf?.(upstreamId).filter((protocol) => spoken.includes(protocol)) ?? chat;
    }
    case 'EMBEDDING':
      return spoken.filter((protocol) => !isChatProtocol(protocol));
    case 'OTHER':
      return [];
  }
}
