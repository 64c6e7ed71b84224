/** Runs a TypeScript module of the tests in a process of its own, for tests that kill processes. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface TypescriptProcess extends AsyncDisposable {
  readonly pid: number;
  /** The next line of its standard output; null once it has ended. */
  nextLine(): Promise<string | null>;
  /** Ends it without warning and waits until it is gone. */
  kill(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RUN = fileURLToPath(new URL('./run-typescript.mjs', import.meta.url));

/** Calls the exported `main` of the module with the arguments. */
export function startTypescriptProcess(module: URL, ...args: string[]): TypescriptProcess {
  const command = [RUN, fileURLToPath(module), ...args];
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, command, { cwd: ROOT });
  const exited = once(child, 'exit');
  child.stderr.pipe(process.stderr);
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid ?? -1,
    async nextLine() {
      const { value, done } = await lines.next();
      return done === true ? null : value;
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
