/** Which fields an operation asks for, so that what nobody asked for need not be read. */
import { Kind, type GraphQLResolveInfo, type SelectionSetNode } from 'graphql';

/**
 * Paths of the fields that are asked for below the one being resolved, by their names in the schema: `rollups`,
 * `rollups.totals`. A field that a directive leaves out counts as asked for.
 */
export function selectedPaths({ fieldNodes, fragments }: GraphQLResolveInfo): ReadonlySet<string> {
  const paths = new Set<string>();
  /** Fragments by the path they were met at: the second time adds nothing. */
  const spread = new Set<string>();
  const collect = (set: SelectionSetNode | undefined, above: string): void => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.FIELD) {
        const path = `${above}${selection.name.value}`;
        paths.add(path);
        collect(selection.selectionSet, `${path}.`);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        collect(selection.selectionSet, above);
      } else {
        const { value: name } = selection.name;
        if (spread.has(`${above}${name}`)) continue;
        spread.add(`${above}${name}`);
        collect(fragments[name]?.selectionSet, above);
      }
    }
  };
  for (const { selectionSet } of fieldNodes) collect(selectionSet, '');
  return paths;
}
