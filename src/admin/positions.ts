/** Places of items within the orders in which the verbs list them: what a cursor carries and a later page starts after. */
import { formatUsd } from '../domain/money.js';
import type {
  AccessKeyRecord,
  AlertRecord,
  ConnectionRecord,
  DiscoveryRunRecord,
  ModelRecord,
} from '../domain/records.js';
import type { ModelOrder } from './models/verbs.js';
import type { PagePosition } from './page.js';
import type { AuditEntryRecord } from './audit-log.js';

/** Connections are listed by priority. */
export function positionOfConnection(connection: ConnectionRecord): PagePosition {
  return { sortKey: connection.priority, id: connection.id };
}

/** Access keys are listed oldest first; their ids follow time. */
export function positionOfAccessKey(key: AccessKeyRecord): PagePosition {
  return { sortKey: null, id: key.id };
}

/** Alerts are listed newest first; their ids follow time. */
export function positionOfAlert(alert: AlertRecord): PagePosition {
  return { sortKey: null, id: alert.id };
}

/** Discovery runs are listed newest first; their ids follow time. */
export function positionOfDiscoveryRun(run: DiscoveryRunRecord): PagePosition {
  return { sortKey: null, id: run.id };
}

/** Audit entries are listed newest first; their ids follow time. */
export function positionOfAuditEntry(entry: AuditEntryRecord): PagePosition {
  return { sortKey: null, id: entry.id };
}

/** Models are listed in the order asked for, those whose key is unknown last. */
export function positionOfModel(model: ModelRecord, order: ModelOrder): PagePosition {
  return { sortKey: sortKeyOfModel(model, order.field), id: model.id };
}

function sortKeyOfModel(model: ModelRecord, field: ModelOrder['field']): PagePosition['sortKey'] {
  switch (field) {
    case 'REF':
      return model.ref;
    case 'INPUT_PRICE':
      // As decimal dollars: nano-dollars may outgrow what JSON numbers hold exactly.
      return model.price === null ? null : formatUsd(model.price.input);
    case 'CONTEXT_WINDOW':
      return model.contextWindow;
    case 'FIRST_SEEN_AT':
      return model.firstSeenAt;
  }
}
