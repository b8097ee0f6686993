import type { JsonObject } from '../documents/json.js';
import type { ProcessExit, SystemExit, SystemInfo } from './hcs-api.js';

/** What HCS answers is data from outside: read field by field, never trusted to have a shape. */
export function parseObject(text: string | null | undefined): JsonObject {
  const value = parse(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** `HcsEnumerateComputeSystems`. */
export function parseSystems(text: string | null | undefined): SystemInfo[] {
  const list = parse(text);
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    const system = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>;
    const id = textOf(system['Id']);
    if (id === undefined) return [];
    return {
      id,
      owner: textOf(system['Owner']),
      state: textOf(system['State']) ?? 'Unknown',
      systemType: textOf(system['SystemType']),
    };
  });
}

/** ProcessStatus: `undefined` while it runs. The code means something only when the wait for it went well. */
export function parseProcessStatus(text: string | null | undefined): ProcessExit | undefined {
  const status = parseObject(text);
  if (status['Exited'] !== true) return undefined;
  const code = status['ExitCode'];
  const known =
    typeof code === 'number' && Number.isSafeInteger(code) && (status['LastWaitResult'] ?? 0) === 0;
  return { exitCode: known ? code >>> 0 : undefined };
}

const EXITS: Readonly<Record<string, SystemExit>> = {
  GracefulExit: 'graceful',
  ForcedExit: 'forced',
  UnexpectedExit: 'unexpected',
};

/** SystemExitStatus. */
export function parseSystemExit(text: string | null | undefined): SystemExit {
  const type = textOf(parseObject(text)['ExitType']);
  return (type === undefined ? undefined : EXITS[type]) ?? 'unknown';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function parse(text: string | null | undefined): unknown {
  if (text === null || text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
