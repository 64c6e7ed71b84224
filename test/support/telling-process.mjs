/**
 * Stands in for a control or gateway process under a supervisor: writes every cool-down it is told of to `HEARD_DIR`, and
 * passes on what is put into `<its name>.tell` there.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const [role, slot = ''] = process.argv.slice(2);
const name = `${role.replace('-process', '')}${slot}`;
const path = (suffix) => join(process.env.HEARD_DIR, `${name}.${suffix}`);

process.on('message', (order) => {
  if (order.kind === 'stop') process.exit(0);
  if (order.kind === 'cooldown')
    appendFileSync(path('heard'), `${process.pid} ${JSON.stringify(order.change)}\n`);
});
process.once('disconnect', () => process.exit(0));
setInterval(() => {
  if (!existsSync(path('tell'))) return;
  const change = JSON.parse(readFileSync(path('tell'), 'utf8'));
  rmSync(path('tell'));
  process.send({ kind: 'cooldown', change });
}, 5);
process.send({ kind: 'ready', port: null });
