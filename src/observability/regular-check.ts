/** Looks again and again for what is due. What fails is said once, and tried again at the next look. */
import type { Logger } from './logger.js';

export interface RegularCheckOptions<T> {
  /** Does what is due now. */
  readonly look: () => Promise<T>;
  /** Between the end of one look and the next. */
  readonly everyMs: number;
  readonly logger: Logger;
  /** What it means that looking fails. */
  readonly complaint: string;
}

export interface RegularCheck<T> {
  /** Looks now, or joins the look under way. */
  check(): Promise<T>;
  /** Looks no more, and waits for a look under way. */
  close(): Promise<void>;
}

/** Looks at once, and from then on regularly. */
export function checkRegularly<T>(options: RegularCheckOptions<T>): RegularCheck<T> {
  const { look, everyMs, logger, complaint } = options;
  let timer: NodeJS.Timeout | null = null;
  let checking: Promise<T> | null = null;
  let failing = false;
  let closed = false;

  const check = (): Promise<T> =>
    (checking ??= look().finally(() => {
      checking = null;
    }));
  const tick = async (): Promise<void> => {
    try {
      await check();
      failing = false;
    } catch (error) {
      if (!failing) logger.error({ err: error }, complaint);
      failing = true;
    }
    if (closed) return;
    timer = setTimeout(() => void tick(), everyMs);
    timer.unref();
  };
  void tick();

  return {
    check,
    async close() {
      closed = true;
      if (timer) clearTimeout(timer);
      await checking?.catch(() => undefined);
    },
  };
}
