import { containerPath, type PathTarget } from 'containerv-api';
import type { WrapperSpec } from './wrapper-options.js';

/** What a wrapper is made of, whatever its language. */
export interface WrapperInvocation {
  /** The arguments of serve-exec that come before the caller's. */
  readonly args: readonly string[];
  /** The program seen from the wrapper's directory, or `undefined` when nothing but its name is known. */
  readonly program: string | undefined;
}

export function wrapperArguments(
  { path, args = [] }: WrapperSpec,
  {
    container,
    wdir,
    target,
  }: { readonly container: string; readonly wdir: string; readonly target: PathTarget },
): string[] {
  const inside = /[\\/:]/.test(path) ? containerPath(path, target) : path;
  const directory = containerPath(wdir, target);
  // Without the -- an argument of the caller's could be taken for an option of ours.
  return ['--container', container, '--path', inside, '--wdir', directory, '--', ...args];
}

/** One that Windows would hand to whatever opens such files: it takes Node.js. */
export function isScript(program: string): boolean {
  return /\.[cm]?js$/.test(program);
}
