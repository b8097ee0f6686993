import type { FileMaps } from './file-maps.js';
import type { PlacedRules } from './place-rules.js';

/** Entries of the maps for one set of rules: those of a container, or of a process's own policy. */
export class RuleEntries {
  readonly #maps: FileMaps;
  readonly #key: Buffer;
  readonly #given: (readonly ['rules' | 'mounts', Buffer])[] = [];

  /** @param key a control group, or a policy of a process's own: 8 bytes */
  constructor(maps: FileMaps, key: Buffer) {
    this.#maps = maps;
    this.#key = key;
  }

  /** @param shift in which bits of an entry programs look for these rights */
  give({ marks, mounts }: Pick<PlacedRules, 'marks' | 'mounts'>, shift = 0): void {
    for (const [mark, access] of marks) this.#set('rules', mark, access << shift);
    for (const [mount, access] of mounts) this.#set('mounts', mount, access << shift);
  }

  take(): void {
    for (const [map, key] of this.#given.splice(0)) this.#maps[map].delete(key);
  }

  #set(map: 'rules' | 'mounts', part: bigint, access: number): void {
    const key = Buffer.alloc(16);
    this.#key.copy(key);
    key.writeBigUInt64LE(part, 8);
    const value = Buffer.alloc(8);
    value.writeBigUInt64LE(BigInt(access));
    this.#maps[map].set(key, value);
    this.#given.push([map, key]);
  }
}
