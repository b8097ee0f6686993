import { type ContainervError, isContainervError } from 'containerv-api';

/** Steps at which what went wrong says itself where that was. */
const PLAIN_STEPS: ReadonlySet<string> = new Set([
  'find command',
  'execute command',
  'enter working directory',
  'become user',
]);

/** What went wrong and what to do about it, on one line without control characters, in the words of this command line. */
export function oneLine(error: unknown): string {
  const text = isContainervError(error)
    ? `${whatOf(error)}${error.hint === undefined ? '' : `. ${error.hint.replaceAll('`cwd`', '--wdir')}`}`
    : error instanceof Error
      ? error.message
      : String(error);
  // oxlint-disable-next-line no-control-regex -- they are what is replaced
  return `serve-exec: ${text.replaceAll(/\s*[\u0000-\u001f\u007f]+\s*/g, ' ').trim()}\n`;
}

function whatOf({ summary, step }: ContainervError): string {
  return step !== undefined && PLAIN_STEPS.has(step) && summary.startsWith(`${step}: `)
    ? summary.slice(step.length + 2)
    : summary;
}
