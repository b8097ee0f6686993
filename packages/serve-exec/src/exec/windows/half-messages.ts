import type { TerminalSize } from 'containerv-api';
import type { ExecRequest } from '../request.js';

/** What a console sends to its programs: Ctrl-C, Ctrl-Break, and its own end. */
export const CONSOLE_SIGNALS = ['SIGINT', 'SIGBREAK', 'SIGHUP'] as const;
export type ConsoleSignal = (typeof CONSOLE_SIGNALS)[number];

/** From the half that was started to the half that does the work. */
export type ToBehind =
  | { readonly kind: 'request'; readonly request: ExecRequest; readonly terminal?: TerminalSize }
  | { readonly kind: 'signal'; readonly signal: ConsoleSignal }
  | { readonly kind: 'resize'; readonly size: TerminalSize };

/** And back. */
export type ToFront =
  | { readonly kind: 'started' }
  /** All is done, and written. It ends with the same status, unless the service holds it: a call is not to be taken back. */
  | { readonly kind: 'ended'; readonly status: number };
