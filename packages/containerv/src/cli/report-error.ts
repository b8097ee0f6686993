import { isContainervError } from 'containerv-api';
import type { Surroundings } from './command.js';
import { styleFor } from './style.js';

/** `containerv: message` and `hint: ...` on stderr; the stack only of what must be a defect. */
export function reportError(error: unknown, { stderr, env }: Pick<Surroundings, 'stderr' | 'env'>): void {
  const style = styleFor(stderr, env);
  if (!isContainervError(error)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    stderr.write(`${style('red', 'containerv:')} ${text}\n`);
    return;
  }
  stderr.write(`${style('red', 'containerv:')} ${error.summary}\n`);
  if (error.hint !== undefined) stderr.write(`${style('yellow', 'hint:')} ${error.hint}\n`);
}
