import type { JsonObject } from '../documents/json.js';

/** The Host Compute Service, whichever library speaks to it. */
export interface HcsApi {
  readonly library: 'vmcompute' | 'computecore';
  enumerate(query: JsonObject): Promise<readonly SystemInfo[]>;
  /** Nothing is left behind when it rejects. */
  create(id: string, document: JsonObject): Promise<HcsSystem>;
  /** @throws ContainervError `ERR_CONTAINERV_NOT_FOUND`. */
  open(id: string): Promise<HcsSystem>;
}

/** One entry of an enumeration. */
export interface SystemInfo {
  readonly id: string;
  readonly owner: string | undefined;
  /** `'Created'`, `'Running'`, `'Paused'`, `'Stopped'`, `'SavedAsTemplate'` or `'Unknown'`. */
  readonly state: string;
  readonly systemType: string | undefined;
}

/** A compute system by a handle of our own. */
export interface HcsSystem {
  readonly id: string;
  /** Resolves when it has ended, by whatever; never rejects. */
  readonly exited: Promise<SystemExit>;
  start(): Promise<void>;
  /** Asks it to end; `exited` tells when it has. */
  shutdown(): Promise<void>;
  terminate(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  properties(query: JsonObject): Promise<JsonObject>;
  modify(request: JsonObject): Promise<void>;
  createProcess(parameters: JsonObject): Promise<HcsProcess>;
  openProcess(pid: number): Promise<HcsProcess>;
  /** Gives the handle up; the system ends with its last handle unless its document says otherwise. */
  close(): Promise<void>;
}

/** `'lost'`: the service was restarted, and every handle is dead. */
export type SystemExit = 'graceful' | 'forced' | 'unexpected' | 'unknown' | 'lost';

export interface HcsProcess {
  readonly pid: number;
  /** Ends of its pipes, the taker's to close; `null` where there is none. */
  takePipes(): StandardHandles;
  /** Resolves when it has ended; never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Nothing is wrong when it has ended already. */
  terminate(): Promise<void>;
  signal(options: JsonObject): Promise<void>;
  modify(settings: JsonObject): Promise<void>;
  close(): Promise<void>;
}

export interface StandardHandles {
  readonly stdin: bigint | null;
  readonly stdout: bigint | null;
  readonly stderr: bigint | null;
}

/** `undefined`: nobody could be told, because its system or the service is gone. */
export interface ProcessExit {
  readonly exitCode: number | undefined;
}

/** How long HCS may take. */
export interface Deadlines {
  /** Create, start, pause, resume. */
  readonly operationMs: number;
  /** Everything that answers at once. */
  readonly callMs: number;
  /** Between two looks at what should have been told by itself. */
  readonly pollMs: number;
}

export const NO_HANDLES: StandardHandles = { stdin: null, stdout: null, stderr: null };
