import { ContainervError } from 'containerv-api';
import { hnsMeaning } from './hresult.js';

/** Where a call of the Host Networking Service failed. */
export interface HnsFailure {
  /** `'create endpoint'`. */
  readonly step: string;
  /** `'HcnCreateEndpoint'`, `'HNSCall POST /endpoints/'`. */
  readonly call: string;
  readonly hresult: number;
  /** What the service says about it; `null`: nothing. */
  readonly record?: string | null | undefined;
  /** A name or id. */
  readonly subject?: string | undefined;
}

/** An HRESULT as an error: its name, its meaning, what the service said, and what to do. */
export function hnsError({ step, call, hresult, record, subject }: HnsFailure): ContainervError {
  const { name, meaning, code, hint } = hnsMeaning(hresult);
  const about = subject === undefined ? '' : ` '${subject}'`;
  const said = recordText(record);
  const what = `${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}${about} [${name}]`;
  return new ContainervError(code, said === '' ? what : `${what}; ${said}`, {
    step,
    syscall: call,
    // S_OK with an error record is a failure all the same.
    hresult: hresult === 0 ? undefined : hresult >>> 0,
    hint,
  });
}

/** Something else than HNS's documents came back. */
export function hnsGarbage(step: string, what: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_HNS', `The answer of HNS cannot be understood: ${what}`, {
    step,
    hint: 'Look at the service: Get-Service hns; Restart-Service hns starts it again.',
  });
}

/** `{"Error": "...", "ErrorCode": n}`, or any other text, on one line. */
function recordText(record: string | null | undefined): string {
  if (record === null || record === undefined) return '';
  let text = record;
  try {
    const parsed: unknown = JSON.parse(record);
    if (typeof parsed === 'object' && parsed !== null && 'Error' in parsed) text = String(parsed.Error);
  } catch {
    // Not a document: shown as it came.
  }
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 500);
}
