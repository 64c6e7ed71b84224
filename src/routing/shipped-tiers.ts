/** The tiers that every workspace starts with. */
import type { TargetStrategy } from '../domain/vocabulary.js';

/** What the classifier tells apart, and where the rest goes. */
export const SHIPPED_TIERS = [
  {
    slug: 'simple',
    name: 'Simple',
    description: 'Short questions, titles, summaries, small edits: what a fast and cheap model does as well.',
    strategy: 'EXPIRING_FIRST',
  },
  {
    slug: 'standard',
    name: 'Standard',
    description: 'Everyday work of agents: reading code, calling tools, changes of ordinary size.',
    strategy: 'EXPIRING_FIRST',
  },
  {
    slug: 'complex',
    name: 'Complex',
    description: 'Large changes, designs and long contexts: the strongest models.',
    strategy: 'SUBSCRIPTION_FIRST',
  },
  {
    slug: 'reasoning',
    name: 'Reasoning',
    description: 'Proofs, hard bugs and planning: the strongest models that think before they answer.',
    strategy: 'SUBSCRIPTION_FIRST',
  },
  {
    slug: 'default',
    name: 'Default',
    description: 'What is not classified, and what another tier could not serve.',
    strategy: 'EXPIRING_FIRST',
  },
] as const satisfies readonly {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly strategy: TargetStrategy;
}[];

export type ShippedTier = (typeof SHIPPED_TIERS)[number]['slug'];

/** The one that unclassified requests go to, and that the others fall back to. */
export const DEFAULT_TIER: ShippedTier = 'default';
