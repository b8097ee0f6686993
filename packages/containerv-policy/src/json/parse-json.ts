import { invalidPolicy } from '../validate/invalid-policy.js';

/** Text longer than this is not read. A policy has some ten kilobytes. */
const maxLength = 1024 * 1024;

/** JSON text, or what it stands for. The result is untrusted: read it with `checkRecord` and its like only. */
export function parseJson(json: unknown): unknown {
  if (typeof json !== 'string') return json;
  if (json.length > maxLength)
    throw invalidPolicy(
      `The policy has ${json.length} characters of JSON, more than the ${maxLength} that are read`,
    );
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw invalidPolicy(`The policy is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}
