/** What the journal takes on disk, file by file. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { COMMITTED_FOLDER, epochIsOpen, isEpochName, segmentNumber } from './layout.js';

export interface SegmentFile {
  readonly path: string;
  readonly bytes: number;
  /** Everything in it is in the database; it is kept for a replay. */
  readonly committed: boolean;
  /** The newest of a gateway that runs. */
  readonly growing: boolean;
  /** Orders files by age: when it was last written, or a file before it in its epoch if that is later. */
  readonly age: number;
}

/** Every segment of the journal, oldest first; committed ones before all others. */
export async function listSegments(directory: string): Promise<SegmentFile[]> {
  const kept = join(directory, COMMITTED_FOLDER);
  const found = await Promise.all([
    ...(await namesIn(kept)).filter(isEpochName).map((name) => segmentsIn(join(kept, name), true)),
    ...(await namesIn(directory)).filter(isEpochName).map((name) => segmentsIn(join(directory, name), false)),
  ]);
  return found.flat().sort((a, b) => Number(b.committed) - Number(a.committed) || a.age - b.age);
}

async function segmentsIn(folder: string, committed: boolean): Promise<SegmentFile[]> {
  const growing = !committed && epochIsOpen(folder);
  const names = (await namesIn(folder)).filter((name) => segmentNumber(name) !== null).sort();
  const segments: SegmentFile[] = [];
  let age = 0;
  for (const name of names) {
    const path = join(folder, name);
    const found = await unlessGone(stat(path));
    if (!found) continue;
    // A clock that was set back makes no segment older than those before it.
    age = Math.max(age, found.mtimeMs);
    segments.push({ path, bytes: found.size, committed, growing: growing && name === names.at(-1), age });
  }
  return segments;
}

async function namesIn(folder: string): Promise<string[]> {
  return (await unlessGone(readdir(folder))) ?? [];
}

/** Null when the reader, or another gateway, was faster. */
async function unlessGone<T>(looking: Promise<T>): Promise<T | null> {
  try {
    return await looking;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
