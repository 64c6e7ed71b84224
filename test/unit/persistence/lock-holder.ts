/** Holds the lock of a directory until it is killed. */
import { lockDirectory } from '../../../src/persistence/directory-lock.js';

export async function main(directory: string): Promise<void> {
  await lockDirectory(directory);
  process.stdout.write('locked\n');
  // The lock alone keeps no process alive.
  process.stdin.resume();
}
