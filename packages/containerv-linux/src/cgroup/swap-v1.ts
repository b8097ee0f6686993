import type { ResolvedLimits } from 'containerv-api';
import { V1_UNLIMITED_FROM } from './limit-file.js';

/** What a group's files of v1 say; empty where there is none. */
export interface HeldMemory {
  /** memory.limit_in_bytes */
  readonly memory: string;
  /** memory.memsw.limit_in_bytes: of memory and swap together. */
  readonly both: string;
}

/**
 * Changes of memory alone leave as much swap as there was on top of it, those of swap alone the memory: v1 has the sum of
 * both, which changes with either.
 */
export function withHeldMemory(changes: ResolvedLimits, held: HeldMemory): ResolvedLimits {
  const { explicit } = changes;
  const memory = bytesOf(held.memory);
  if (memory === undefined || explicit.memory === explicit.swap) return changes;
  if (explicit.swap) return { ...changes, memoryBytes: memory };
  const both = bytesOf(held.both);
  if (both === undefined || both === 'max' || memory === 'max') return changes;
  return { ...changes, swapBytes: Math.max(0, both - memory), explicit: { ...explicit, swap: true } };
}

function bytesOf(text: string): number | 'max' | undefined {
  const bytes = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(bytes)) return undefined;
  return bytes >= V1_UNLIMITED_FROM ? 'max' : bytes;
}
