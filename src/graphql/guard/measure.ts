/**
 * Measures an operation before it runs: how deep it nests, how many root fields it has, and what it costs.
 *
 * The cost can be worked out by hand: a leaf 0, an object 1, a page 1 + `first` × what each item selects, any other list
 * 1 + 10 × what each item selects, a mutation 20, and a few fields that read much what {@link FIELD_COST} says.
 * Fields named twice count twice. Fragments are measured once each, so that measuring stays linear however they nest.
 */
import {
  getArgumentValues,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  typeFromAST,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { PAGE_MAX_ITEMS } from '../../config/graphql-limits.js';

/** Fields whose own cost is not 1. */
const FIELD_COST: Readonly<Record<string, number>> = {
  'Query.usageReport': 50,
  'Query.routePlan': 50,
  'Query.savingsReport': 50,
  'Subscription.usageTotals': 50,
  'Connection.usage': 5,
  'AccessKey.usage': 5,
  'PlanSubscription.usage': 5,
};
const MUTATION_COST = 20;
const LIST_ITEMS = 10;
/** Fields of a page that repeat per item. */
const PAGE_ITEM_FIELDS = new Set(['edges', 'nodes']);

export interface Measure {
  readonly cost: number;
  readonly depth: number;
  /** Fields at the operation's root, those in fragments included. */
  readonly rootFields: number;
}

interface SelectionMeasure {
  /** Cost of what repeats with every item of a page. */
  perItem: number;
  /** Cost of everything else. */
  once: number;
  depth: number;
  fields: number;
}

export function measureOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Measure {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const measured = new Map<string, SelectionMeasure>();

  const ofSelections = (selections: SelectionSetNode, parent: GraphQLCompositeType): SelectionMeasure => {
    const sum: SelectionMeasure = { perItem: 0, once: 0, depth: 0, fields: 0 };
    for (const selection of selections.selections) {
      let part: SelectionMeasure;
      if (selection.kind === Kind.FIELD) {
        part = ofField(selection, parent);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition && typeFromAST(schema, selection.typeCondition);
        part = ofSelections(selection.selectionSet, isCompositeType(condition) ? condition : parent);
      } else {
        part = ofFragment(selection.name.value);
      }
      sum.perItem += part.perItem;
      sum.once += part.once;
      sum.depth = Math.max(sum.depth, part.depth);
      sum.fields += part.fields;
    }
    return sum;
  };

  const ofFragment = (name: string): SelectionMeasure => {
    const known = measured.get(name);
    if (known) return known;
    const fragment = fragments.get(name);
    const type = fragment && typeFromAST(schema, fragment.typeCondition);
    const result =
      fragment && isCompositeType(type)
        ? ofSelections(fragment.selectionSet, type)
        : { perItem: 0, once: 0, depth: 0, fields: 0 };
    measured.set(name, result);
    return result;
  };

  const ofField = (node: FieldNode, parent: GraphQLCompositeType): SelectionMeasure => {
    const name = node.name.value;
    // Introspection nests deeper than anything else, by design; the rules for documents bound it.
    if (name.startsWith('__')) return { perItem: 0, once: node.selectionSet ? 1 : 0, depth: 1, fields: 1 };
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
    const own = ownCost(schema, parent, name, node.selectionSet !== undefined);
    const type = field && getNamedType(field.type);
    if (!field || !node.selectionSet || !isCompositeType(type)) {
      return { perItem: 0, once: own, depth: 1, fields: 1 };
    }
    const below = ofSelections(node.selectionSet, type);
    const depth = below.depth + 1;
    if (parent.name.endsWith('Page') && PAGE_ITEM_FIELDS.has(name)) {
      return { perItem: own + below.perItem + below.once, once: 0, depth, fields: 1 };
    }
    const children = below.once + below.perItem * pageItems(field, node, variables);
    const times = isListType(getNullableType(field.type)) ? listItems(field, node, variables) : 1;
    return { perItem: 0, once: own + times * children, depth, fields: 1 };
  };

  const root = schema.getRootType(operation.operation);
  if (!root) return { cost: 0, depth: 0, rootFields: 0 };
  const total = ofSelections(operation.selectionSet, root);
  const cost = Math.min(total.once + total.perItem, Number.MAX_SAFE_INTEGER);
  return { cost, depth: total.depth, rootFields: total.fields };
}

function ownCost(
  schema: GraphQLSchema,
  parent: GraphQLCompositeType,
  name: string,
  hasSelections: boolean,
): number {
  if (parent === schema.getMutationType()) return MUTATION_COST;
  return FIELD_COST[`${parent.name}.${name}`] ?? (hasSelections ? 1 : 0);
}

/** Items a page field may answer, bounded by what it accepts at all. */
function pageItems(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  variables: Readonly<Record<string, unknown>>,
): number {
  const first = argument(field, node, variables, 'first');
  return typeof first === 'number' ? Math.min(Math.max(first, 0), PAGE_MAX_ITEMS) : 1;
}

/** Items a plain list is taken to have: as many as were asked for by id, else a usual number. */
function listItems(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  variables: Readonly<Record<string, unknown>>,
): number {
  const ids = argument(field, node, variables, 'ids');
  return Array.isArray(ids) ? ids.length : LIST_ITEMS;
}

function argument(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  variables: Readonly<Record<string, unknown>>,
  name: string,
): unknown {
  const definition = field.args.find((arg) => arg.name === name);
  if (!definition) return undefined;
  const given = node.arguments?.find((arg) => arg.name.value === name)?.value;
  if (given?.kind === Kind.VARIABLE) return variables[given.name.value] ?? definition.defaultValue;
  if (given === undefined) return definition.defaultValue;
  // Only this argument: the others may be ones that execution will refuse, which is not for here to report.
  return getArgumentValues(
    { ...field, args: [definition] },
    { ...node, arguments: node.arguments?.filter((arg) => arg.name.value === name) ?? [] },
    variables,
  )[name];
}
