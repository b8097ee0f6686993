import { readdir } from 'node:fs/promises';
import path from 'node:path';

/**
 * The output of a process that is kept, as files each named by the position of its first byte in all that was written:
 * whoever reads finds its place again however much has been removed before it.
 */
export interface Segment {
  readonly from: number;
  readonly file: string;
}

/** A log is in so many files, of which the oldest goes when there are more. */
export const SEGMENTS = 8;
const DIGITS = 16;

export function segmentFile(directory: string, from: number): string {
  return path.join(directory, `${String(from).padStart(DIGITS, '0')}.log`);
}

/** Oldest first; none when there is no such directory. */
export async function segmentsOf(directory: string): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const name of await namesOf(directory)) {
    if (!/^\d{16}\.log$/.test(name)) continue;
    segments.push({ from: Number(name.slice(0, DIGITS)), file: path.join(directory, name) });
  }
  return segments.sort((a, b) => a.from - b.from);
}

export async function namesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
