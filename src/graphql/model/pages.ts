/** Lists of models. */
import type { ModelFilter, ModelOrder } from '../../admin/models/verbs.js';
import { positionOfModel } from '../../admin/positions.js';
import type { ModelRecord } from '../../domain/records.js';
import type { GraphqlContext } from '../context.js';
import { pageRequest, toPage, type PageValue } from '../shared/page.js';

const BY_REFERENCE: ModelOrder = { field: 'REF', direction: 'ASC' };

export async function modelPage(
  { services, caller }: GraphqlContext,
  first: number,
  after: string | null | undefined,
  filter: ModelFilter,
  order: ModelOrder = BY_REFERENCE,
): Promise<PageValue<ModelRecord>> {
  // A cursor means nothing in another order, so each order has cursors of its own.
  const name = `${order.field}${order.direction}`;
  const page = await services.admin.models.list(
    caller,
    pageRequest('model', first, after, name),
    filter,
    order,
  );
  return toPage('model', page, (model) => positionOfModel(model, order), name);
}
