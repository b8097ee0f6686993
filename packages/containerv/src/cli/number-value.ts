import { usageError } from './usage-error.js';

/** What follows an option that takes a number; the library judges its range. */
export function numberValue(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  throw usageError(`${option} ${text} is not a number`, `Write ${option} 2.`);
}
