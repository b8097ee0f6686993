import { randomUUID } from 'node:crypto';
import { invalidOption } from './option-check.js';

const GRAMMAR = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/;

/** `id` when it can name a container (and so a directory and a cgroup); the grammar rules out `.`, `..` and `/`. */
export function checkContainerId(id: unknown, option = 'id'): string {
  if (typeof id === 'string' && GRAMMAR.test(id)) return id;
  throw invalidOption(option, '1 to 63 of a-z A-Z 0-9 _ . -, starting with a letter or digit', id);
}

/** A new id such as `c-3f9a1c0b52de`, short enough to read and long enough never to meet another. */
export function generateContainerId(): string {
  // 48 random bits of it; Node keeps random bytes for UUIDs ahead, and asks the kernel for all others.
  return `c-${randomUUID().replace('-', '').slice(0, 12)}`;
}
