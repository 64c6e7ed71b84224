/** Where the journal's files are and who writes them: `<directory>/<epoch>/NNNNNNNN.seg`, one epoch per run of a gateway. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Folder beside the epochs for committed segments that are kept for a replay. */
export const COMMITTED_FOLDER = 'committed';

const OWNER_FILE = 'owner.json';
const SEGMENT_NAME = /^(\d{8})\.seg$/;
const EPOCH_NAME = /^\d{15}-\d+-[0-9a-f]{8}$/;
// Fields of /proc/<pid>/stat counted from the one behind the process name, which may itself hold blanks and brackets.
const STAT_STATE = 0;
const STAT_START_TIME = 19;

const owner = z.object({ pid: z.number().int(), startedAt: z.string().nullable() });

/** File name of the n-th segment of an epoch. */
export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.seg`;
}

/** Number of a segment by its file name; null for any other file. */
export function segmentNumber(name: string): number | null {
  const match = SEGMENT_NAME.exec(name);
  return match ? Number(match[1]) : null;
}

/** Whether a folder of the journal is an epoch. */
export function isEpochName(name: string): boolean {
  return EPOCH_NAME.test(name);
}

/** Makes the folder of a new epoch that belongs to this process; its name sorts behind those that are there. */
export function createEpoch(directory: string, nowMs: number): string {
  // The clock may have been set back since the last one was made.
  const newest = readdirSync(directory).filter(isEpochName).sort().at(-1);
  const time = Math.max(Math.floor(nowMs), newest === undefined ? 0 : parseInt(newest, 10) + 1);
  const name = `${String(time).padStart(15, '0')}-${process.pid}-${randomBytes(4).toString('hex')}`;
  const draft = join(directory, `.${name}`);
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  writeFileSync(
    join(draft, OWNER_FILE),
    JSON.stringify({ pid: process.pid, startedAt: processStart(process.pid) }),
    {
      mode: 0o600,
    },
  );
  // A reader never sees an epoch without its owner and takes it for abandoned.
  renameSync(draft, join(directory, name));
  return join(directory, name);
}

/** Says that nothing more will be written to an epoch. */
export function closeEpoch(path: string): void {
  rmSync(join(path, OWNER_FILE), { force: true });
}

/** Whether the process that writes to an epoch still runs. */
export function epochIsOpen(path: string): boolean {
  let text: string;
  try {
    text = readFileSync(join(path, OWNER_FILE), 'utf8');
  } catch {
    return false;
  }
  const parsed = owner.safeParse(parseJson(text));
  if (!parsed.success) return false;
  const { pid, startedAt } = parsed.data;
  // The start time tells the writer from a later process that was given its number.
  return startedAt === null ? processExists(pid) : processStart(pid) === startedAt;
}

/** Identity of a running process beyond its number; null when it does not run or the system does not tell. */
function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[STAT_STATE];
    if (state === 'Z' || state === 'X') return null;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}/${fields[STAT_START_TIME] ?? ''}`;
  } catch {
    return null;
  }
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
