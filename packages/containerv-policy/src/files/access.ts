import { checkInteger } from '../validate/check.js';

/** What may be done with a file or with everything below a directory: bits, to be combined with `|`. */
export type FsAccess = number;

/**
 * - `Read`: open for reading, list a directory.
 * - `Write`: open for writing, truncate, create, remove, rename, link, connect to a socket, command a device.
 * - `Execute`: run as a program. Takes `Read`, too: the kernel opens what it runs.
 */
export const FsAccess: {
  readonly Read: 1;
  readonly Write: 2;
  readonly Execute: 4;
  readonly All: 7;
} = Object.freeze({ Read: 1, Write: 2, Execute: 4, All: 7 });

export const accessWords = ['read', 'write', 'execute'] as const;

/** In JSON an access is a list of words, which a person can review; the bits are for code. */
export type AccessWord = (typeof accessWords)[number];

export function checkAccess(value: unknown, entry: string): FsAccess {
  return checkInteger(value, entry, 1, FsAccess.All);
}

export function toAccessWords(access: FsAccess): readonly AccessWord[] {
  return accessWords.filter((_, bit) => (access & (1 << bit)) !== 0);
}

export function fromAccessWords(words: readonly AccessWord[]): FsAccess {
  return words.reduce((access, word) => access | (1 << accessWords.indexOf(word)), 0);
}
