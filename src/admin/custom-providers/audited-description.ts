/** What the audit log shows of a described provider. */
import type { AuditChange } from '../../persistence/audit.js';
import type { CustomModel, CustomProvider } from '../../providers/custom-provider.js';
import { changesBetween } from '../audit.js';

/** What differs between two descriptions, model by model; all of it for a new one. */
export function auditedDescription(before: CustomProvider | null, after: CustomProvider): AuditChange[] {
  const dropped = (before?.models ?? []).map((model) => [fieldOf(model), null] as const);
  return changesBetween(before && fieldsOf(before), { ...Object.fromEntries(dropped), ...fieldsOf(after) });
}

function fieldsOf({ models, ...fields }: CustomProvider): Record<string, unknown> {
  return {
    ...fields,
    ...Object.fromEntries(models.map((model) => [fieldOf(model), JSON.stringify(model)])),
  };
}

function fieldOf({ upstreamId }: CustomModel): string {
  return `models.${upstreamId}`;
}
