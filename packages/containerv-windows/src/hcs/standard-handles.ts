import type { StandardHandles } from './hcs-api.js';

/** HCS_PROCESS_INFORMATION. */
export interface ProcessInformation {
  readonly ProcessId: number;
  readonly StdInput: bigint | null;
  readonly StdOutput: bigint | null;
  readonly StdError: bigint | null;
}

/** A stream that was not asked for is 0 from vmcompute.dll and -1 from computecore.dll. */
export function standardHandles(information: Partial<ProcessInformation>): StandardHandles {
  return {
    stdin: present(information.StdInput),
    stdout: present(information.StdOutput),
    stderr: present(information.StdError),
  };
}

function present(handle: bigint | null | undefined): bigint | null {
  return handle === undefined || handle === null || handle === 0n || BigInt.asIntN(64, handle) === -1n
    ? null
    : handle;
}
