/** The usage journal's share of `/metrics`. */
import { Gauge, type Registry } from 'prom-client';

export interface JournalFigures {
  readonly bytes: number;
  /** Of these, what is not known to be in the database. */
  readonly uncommittedBytes: number;
  readonly failingGateways: number;
  /** Whether usage is being deleted for want of room. */
  readonly full: boolean;
  /** Counted since the start. */
  readonly lostRecords: number;
  readonly lostSegments: number;
  readonly lostBytes: number;
  readonly syncFailures: number;
  readonly damaged: number;
}

const GAUGES: readonly (readonly [string, string, (figures: JournalFigures) => number])[] = [
  ['bytes', 'What the usage journal takes on disk', ({ bytes }) => bytes],
  [
    'uncommitted_bytes',
    'Of these, what is not known to be in the database',
    ({ uncommittedBytes }) => uncommittedBytes,
  ],
  [
    'failing_gateways',
    'Gateways that cannot write usage to the disk now',
    ({ failingGateways }) => failingGateways,
  ],
  ['full', '1 while usage is deleted for want of room', ({ full }) => Number(full)],
  [
    'lost_records',
    'Records the disk refused for too long, since the start',
    ({ lostRecords }) => lostRecords,
  ],
  ['lost_bytes', 'Usage deleted for want of room, since the start', ({ lostBytes }) => lostBytes],
  ['sync_failures', 'Writes the disk did not confirm, since the start', ({ syncFailures }) => syncFailures],
  ['damaged_places', 'Places that could not be read as records, since the start', ({ damaged }) => damaged],
];

/** Registers the journal's figures; they are asked for once per scrape. */
export function addJournalMetrics(registry: Registry, figures: () => Promise<JournalFigures>): void {
  let asked: Promise<JournalFigures> | null = null;
  const once = (): Promise<JournalFigures> => (asked ??= figures().finally(() => (asked = null)));
  for (const [name, help, value] of GAUGES) {
    new Gauge({
      name: `switchyard_journal_${name}`,
      help,
      registers: [registry],
      async collect() {
        this.set(value(await once()));
      },
    });
  }
}
