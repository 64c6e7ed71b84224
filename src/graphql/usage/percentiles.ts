/** Tells from an operation where it wants percentiles, which are as much work to sum up as everything else. */
import type { GraphQLResolveInfo } from 'graphql';
import type { WantedPercentiles } from '../../usage/reports.js';
import { selectedPaths } from '../shared/selection.js';
import type { UsageTotals } from './types.js';

const PERCENTILES: readonly (keyof UsageTotals)[] = [
  'durationMsP50',
  'durationMsP95',
  'firstTokenMsP50',
  'firstTokenMsP95',
];

/** Those in the field's own `totals`, and those in the `totals` of its list `groups`. */
export function wantedPercentiles(info: GraphQLResolveInfo, groups: 'rollups' | 'groups'): WantedPercentiles {
  const paths = selectedPaths(info);
  const within = (totals: string): boolean => PERCENTILES.some((name) => paths.has(`${totals}.${name}`));
  return { totals: within('totals'), groups: within(`${groups}.totals`) };
}
