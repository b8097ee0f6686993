import { describe } from 'vitest';
import { isRoot } from './suite.js';

/** For what only root can do. Skipped with its reason in the title for anybody else. */
export function describeAsRoot(title: string, body: () => void): void {
  describe.skipIf(!isRoot)(isRoot ? title : `${title} (skipped: needs root)`, body);
}

/** For what is different without root. Skipped with its reason in the title for root. */
export function describeAsUser(title: string, body: () => void): void {
  describe.skipIf(isRoot)(isRoot ? `${title} (skipped: needs an ordinary user, this is root)` : title, body);
}
