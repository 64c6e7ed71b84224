/** Messages between nodes, as monitoring sees them. */
import { Counter, Gauge, type Registry } from 'prom-client';

export interface SignalFigures {
  readonly name: string;
  readonly connected: boolean;
  readonly counts: { readonly sent: number; readonly heard: number; readonly losses: number };
}

/** Adds them to what `/metrics` answers. */
export function measureSignals(registry: Registry, ways: readonly SignalFigures[]): void {
  const registers = [registry];
  const labelNames = ['way'] as const;
  new Gauge({
    name: 'switchyard_node_signals_connected',
    help: 'Whether messages of other nodes are heard this way',
    labelNames,
    registers,
    collect() {
      for (const { name, connected } of ways) this.set({ way: name }, connected ? 1 : 0);
    },
  });
  const count = (name: string, help: string, read: (way: SignalFigures) => number): void => {
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const way of ways) this.inc({ way: way.name }, read(way));
      },
    });
  };
  count('switchyard_node_signals_sent_total', 'Messages sent to other nodes', ({ counts }) => counts.sent);
  count(
    'switchyard_node_signals_heard_total',
    'Messages heard, own ones included',
    ({ counts }) => counts.heard,
  );
  count(
    'switchyard_node_signals_losses_total',
    'Times the connection was lost',
    ({ counts }) => counts.losses,
  );
}
