import { ContainervError, type ErrorCode } from 'containerv-api';
import { hresultMeaning, unsigned } from './hresult.js';
import { readResultDocument } from './result-document.js';

/** Where a call of the Host Compute Service failed. */
export interface HcsFailure {
  /** What was being done: `'start container'`. */
  readonly step: string;
  /** The exported function: `'HcsStartComputeSystem'`. */
  readonly call: string;
  readonly hresult: number;
  /** The result document that came with it; `null` or anything unreadable is no document. */
  readonly document?: string | null | undefined;
  /** What it is about: an id or a path. */
  readonly subject?: string | undefined;
  /** Instead of the code that the HRESULT has by itself. */
  readonly code?: ErrorCode | undefined;
  readonly hint?: string | undefined;
}

/** An HRESULT as an error: its name, its meaning, all that the service said about it, and what to do. */
export function hcsError(failure: HcsFailure): ContainervError {
  const { name, meaning, code, hint } = hresultMeaning(failure.hresult);
  const said = readResultDocument(failure.document).messages;
  const subject = failure.subject === undefined ? '' : ` '${failure.subject}'`;
  const what = [`${capitalised(meaning)}${subject} [${name}]`, ...said].join('; ');
  return new ContainervError(failure.code ?? code, what, {
    step: failure.step,
    syscall: failure.call,
    hresult: unsigned(failure.hresult),
    hint: failure.hint ?? hint,
  });
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
