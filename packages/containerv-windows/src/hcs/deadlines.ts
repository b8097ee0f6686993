import { parseDuration } from 'containerv-api';
import type { Deadlines } from './hcs-api.js';

/** Starting a container takes minutes on a busy disk; hcsshim waits as long. */
const OPERATION_MS = 240_000;
const CALL_MS = 60_000;
const POLL_MS = 2000;

/** `CONTAINERV_HCS_TIMEOUT`, a duration such as `'30s'`, stands in for both times. */
export function deadlines(env: NodeJS.ProcessEnv = process.env): Deadlines {
  const given = env['CONTAINERV_HCS_TIMEOUT'];
  const ms = given === undefined || given === '' ? undefined : parseDuration(given, 'CONTAINERV_HCS_TIMEOUT');
  return {
    operationMs: ms ?? OPERATION_MS,
    callMs: ms ?? CALL_MS,
    pollMs: Math.min(POLL_MS, Math.max(50, (ms ?? OPERATION_MS) / 4)),
  };
}
