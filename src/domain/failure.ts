/** A failure at a provider in a form that can be shown to an operator. */
import type { FailureClass, FailureScope } from './vocabulary.js';

export interface UpstreamFailure {
  readonly class: FailureClass;
  /** HTTP status; null when no answer came. */
  readonly httpStatus: number | null;
  /** Explanation with secrets and account names removed. */
  readonly message: string;
  /** Earliest sensible retry in milliseconds since the epoch; null when the provider gave none. */
  readonly retryAt: number | null;
  /** What else it holds for, where the provider's words say so; that of its class when left out. */
  readonly scope?: FailureScope;
}
