/** What the verbs on a custom provider answer when there is none. */
import { fail, type Result } from '../result.js';

/** For one that does not exist, belongs to another workspace, or is built in and not the operator's to change. */
export function customProviderNotFound(): Result<never> {
  return fail('NOT_FOUND', 'There is no such custom provider.', ['id']);
}
