import { isContainervError } from 'containerv-api';

/** What went wrong and what to do about it, on one line without control characters. */
export function oneLine(error: unknown): string {
  const text = isContainervError(error)
    ? `${error.summary}${error.hint === undefined ? '' : `. ${error.hint}`}`
    : error instanceof Error
      ? error.message
      : String(error);
  // oxlint-disable-next-line no-control-regex -- they are what is replaced
  return `serve-exec: ${text.replaceAll(/\s*[\u0000-\u001f\u007f]+\s*/g, ' ').trim()}\n`;
}
