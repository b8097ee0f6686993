import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ContainervError } from 'containerv-api';
import type { IdMaps } from './ids/id-maps.js';
import type { IdRun } from './ids/id-ranges.js';
import { findNativeDirectory, type NativeDirectory } from './native-directory.js';
import type { SourceTree } from './plan/source-trees.js';

/** What `native/addon` exports: system calls that Node lacks. Failures carry `step`, `syscall`, `errno`, `path`. */
export interface Native {
  /** A sealed copy of an executable in memory, as a descriptor. */
  sealExecutable(path: string): Promise<number>;
  /** The clone of a process 1 that is under way, as a descriptor; -1 while there is nobody who could do it. */
  beginLaunch(namespaces: number): number;
  /** Ends it again. */
  abandonLaunch(launch: number): Promise<void>;
  startInit(request: StartRequest): Promise<StartedInit>;
  /** A process that does work on a container's files. */
  startWorker(request: IdMaps & { readonly executable: number }): Promise<StartedWorker>;
  /** A squashfs or erofs file as a mount that is attached nowhere, as a descriptor. Needs root. */
  mountImage(path: string): Promise<number>;
  /** Runs `early` while a child ends, waits for it, then runs `steps`, of which the results are. */
  reap(pid: number, early: EncodedSteps, steps: EncodedSteps): Promise<FileResults>;
  /** `false`: it is gone already. */
  signal(pid: number, pidfd: number, signal: number): boolean;
  connect(stateDirectory: string): Promise<number>;
  /** Runs the steps in one turn on a pool thread; stops at the first failure that is not optional. */
  files(steps: EncodedSteps): Promise<FileResults>;
  createPipe(): [readEnd: number, writeEnd: number];
  /** Gives a pipe a capacity in bytes (F_SETPIPE_SZ); `false` where the kernel does not let us, or it is no pipe. */
  growPipe(fd: number, bytes: number): boolean;
  /** SOCK_SEQPACKET. */
  createSocketPair(): [one: number, other: number];
  /** Bytes read, 0 at the end, -1 when it would block. */
  read(fd: number, into: Buffer): number;
  /** Bytes written, -1 when it would block. */
  write(fd: number, from: Buffer): number;
  /** 1 sent, 0 would block, -1 the other side is gone. */
  send(socket: number, message: Buffer, fds: readonly number[]): number;
  /** `null` at the end, `undefined` when it would block. */
  receive(socket: number): { readonly message: Buffer; readonly fds: readonly number[] } | null | undefined;
  /** Copies trees on a pool thread. `socket` is a transfer agent's; it stays the caller's. */
  uploadTrees(...transfer: TreesRequest): Promise<TransferCounts>;
  downloadTrees(...transfer: TreesRequest): Promise<TransferCounts>;
  /** One file of the container: to be read, or a new one that is nobody's until `commitTransfer`. */
  openTransfer(socket: number, path: string, write: boolean): Promise<OpenedTransfer>;
  commitTransfer(socket: number, mode: number, modifiedSeconds: number): Promise<OpenedTransfer>;
  /** Two ends of a connection of datagrams, both blocking and close-on-exec. */
  socketPair(): [ours: number, theirs: number];
  /** Wakes whoever waits at a socket. */
  shutdown(socket: number): void;
  /** Requests to the kernel's network configuration in this program's namespace; stops at the first failure. */
  netlink(program: NetlinkProgram): Promise<readonly NetlinkResult[]>;
  /** 0: there is none of that name. */
  interfaceIndex(name: string): number;
  setWindowSize(fd: number, columns: number, rows: number): void;
  hasSystemCall(number: number): boolean;
  /** 0 without Landlock. */
  landlockAbi(): number;
  /** Ids of the active security modules (LSM_ID_* of linux/lsm.h); `undefined` before Linux 6.8. */
  securityModules(): readonly number[] | undefined;
  /** bpf(2). `attributes` is a union bpf_attr, with the addresses of buffers put in at the offsets given. */
  bpf(command: number, attributes: Buffer, pointers: readonly (readonly [number, Buffer])[]): number;
  /** An O_PATH descriptor of what is at `path` below the directory `root`, which no link leaves. */
  openInRoot(root: number, path: string, followLinks: boolean): number;
  duplicate(fd: number): number;
  /** Files that are kept open, each from its start; empty where that fails. */
  readAll(fds: readonly number[]): Promise<string[]>;
  /**
   * The processes in `groups`, files called `cgroup.procs`, or, without any, those that descend from init. None that
   * only got the number of one that has ended.
   */
  listProcesses(init: number, id: string, groups: readonly string[]): Promise<RawProcessList>;
  /** A descriptor that is readable when this v1 memory group is out of memory. */
  watchOom(directory: string): number;
  close(fd: number): void;
  /** For descriptors of removed files: closing the last one frees their blocks, which may wait for the disk. */
  closeInBackground(fds: readonly number[]): void;
  FdPoll: new (fd: number, onEvents: (events: number) => void) => FdPoll;
  /** Owns `source` from then on. `plan` as `learn/observer-plan.ts` encodes it. */
  SyscallObserver: new (
    source: number,
    plan: Buffer,
  ) => SyscallObserver;
}

/** Answers the calls of one process and its descendants that their filter hands over, on a thread of its own. */
export interface SyscallObserver {
  /** Once, after the processes have ended. */
  stop(): Promise<RawObservations>;
}

export interface RawObservations {
  /** Per kind of call: u32 number, u32 answer, u64 how often, six u64 arguments. */
  readonly calls: Buffer;
  readonly files: readonly RawFile[];
  /** Syscalls with more kinds of calls than were kept; -1: files. */
  readonly truncated: readonly number[];
  /** Whether it made other processes, and threads. */
  readonly processes: boolean;
  readonly threads: boolean;
  /** Whether the program was ever observed. */
  readonly began: boolean;
  /** Why observing ended before its time; empty: it did not. */
  readonly failure: string;
}

export interface RawFile {
  readonly number: number;
  /** Which of the plan's path arguments of that number. */
  readonly shape: number;
  readonly flags: number;
  /** 1 a file, 2 a directory, 3 a directory in which there is nothing of that name. */
  readonly kind: number;
  readonly path: Buffer;
  readonly count: number;
}

/** Processes as procfs shows them to this process; bytes where what they hold is theirs to choose. */
export interface RawProcessList {
  readonly processes: readonly RawProcess[];
  readonly uidMap: string;
  /** Empty: it cannot be read. */
  readonly passwd: Buffer;
  readonly pageBytes: number;
  readonly ticksPerSecond: number;
}

export interface RawProcess {
  readonly pid: number;
  readonly stat: Buffer;
  readonly status: Buffer;
  readonly cmdline: Buffer;
}

export type FileStep = { readonly path: string; readonly optional?: boolean } & (
  | { readonly op: 'mkdir' | 'ensure-directory'; readonly mode: number }
  /** `write` needs the file to be there, `replace` puts a new one in its place. */
  | { readonly op: 'write' | 'replace'; readonly text: string }
  /** `remove-claim` removes a state directory, its lock last; `directory` only checks that it is one.
   * `opaque-marks` makes those of a layer known to overlays in user namespaces. */
  | { readonly op: 'read' | 'open' | 'rmdir' | 'remove-tree' | 'remove-claim' | 'directory' | 'opaque-marks' }
  /** Waits for the process whose id the file holds, as long as it is in a control group of the container `text`. */
  | { readonly op: 'await-exit'; readonly text: string }
  /** Moves what is at `path` to the path `text`, where nothing may be. */
  | { readonly op: 'publish'; readonly text: string }
  /** Fails with EWOULDBLOCK when somebody's lock excludes this one. */
  | { readonly op: 'lock'; readonly exclusive: boolean }
);

/** Of `encodeFileSteps`. */
export type EncodedSteps = Buffer;

/** By step; a hole where a step is done and has nothing to say. */
export type FileResults = readonly (FileResult | undefined)[];

export interface FileResult {
  /** `false` with errno 0: not reached. */
  readonly done: boolean;
  /** What `read` read. */
  readonly text: string;
  /** What `open` and `lock` opened, the caller's to close; otherwise -1. */
  readonly fd: number;
  readonly syscall: string;
  /** Positive. */
  readonly errno: number;
}

export interface StartRequest {
  /** Nothing is left started when one that is not optional fails. */
  readonly steps: EncodedSteps;
  /** How many of them come before the plan; the others are done beside init. */
  readonly stepsBeforePlan: number;
  /** How many of them init waits for before it builds the root; at least as many. */
  readonly stepsBeforeTrees: number;
  /** The step that takes the lock, or -1: `lock` has it. */
  readonly lockStep: number;
  /** The step that opens the cgroup v2 directory, or -1: `cgroup` has it. */
  readonly cgroupStep: number;
  readonly executable: number;
  /** Of {@link Native.beginLaunch}, which it takes over, or -1. */
  readonly launch: number;
  readonly lock: number;
  /** CLONE_NEW* */
  readonly namespaces: number;
  readonly stateDirectory: string;
  /** Lines for /proc/PID/uid_map; empty: no user namespace. */
  readonly uidMap: string;
  readonly gidMap: string;
  readonly denySetgroups: boolean;
  /** Programs that write a map with ids which this process may not map itself (newuidmap(1)); empty: it writes it. */
  readonly uidHelper: string;
  readonly gidHelper: string;
  /** By which one of `idRuns` is taken, to be the map of users and groups; empty: the maps above. */
  readonly idFile: string;
  readonly idRuns: readonly IdRun[];
  /** Given to init as mounts; owners are mapped by its user namespace. */
  readonly trees: readonly SourceTree[];
  /** A cgroup v2 directory to be born in, or -1. */
  readonly cgroup: number;
  /** v1: `tasks` files to enter by, unless the step of that number was not done. */
  readonly cgroupTasks: readonly { readonly path: string; readonly step: number }[];
  /** Empty: as the caller's. */
  readonly oomScoreAdj: string;
  /** The host's side of the network, done when init is there and before it is told the plan. */
  readonly network: NetlinkProgram;
  /** Ports of the host that init holds; the plan says how many. */
  readonly ports: readonly PortClaim[];
  /** A message to a worker that connects its network (`native/init/user_network.h`); empty: there is none. */
  readonly userNetwork: Uint8Array;
  readonly plan: Buffer;
}

export interface NetlinkProgram {
  /** A file that is locked meanwhile; empty: none. */
  readonly lock: string;
  readonly exclusive: boolean;
  readonly exchanges: readonly NetlinkExchange[];
}

export interface NetlinkExchange {
  /** What failed, when it fails. */
  readonly step: string;
  /** NETLINK_ROUTE or NETLINK_NETFILTER. */
  readonly protocol: number;
  readonly messages: Uint8Array;
  /** Where init's process id is put. */
  readonly pidOffsets: readonly number[];
  /** Values of errno that are no failure. */
  readonly tolerated: readonly number[];
  /** When the kernel has something to list, what follows is left out. */
  readonly lastWhenAnswered: boolean;
}

export interface NetlinkResult {
  readonly replies: Buffer;
  /** A tolerated one. */
  readonly errno: number;
}

export interface PortClaim {
  /** 4 or 16 bytes; empty: every address of the host. */
  readonly address: Uint8Array;
  readonly port: number;
  readonly udp: boolean;
  readonly name: string;
}

/** To be waited for with {@link Native.reap}. */
export interface StartedWorker {
  readonly pid: number;
  /** -1 before Linux 5.2. */
  readonly pidfd: number;
  readonly socket: number;
}

export interface StartedInit {
  readonly steps: FileResults;
  /** What made the start itself fail; no process is left. */
  readonly failure?: Error;
  /** -1: nothing was started. */
  readonly pid: number;
  /** -1 before Linux 5.2. */
  readonly pidfd: number;
  readonly socket: number;
  /** The worker that `userNetwork` was for. It ends after init. */
  readonly userNetwork?: StartedWorker;
}

export type TreesRequest = [
  socket: number,
  items: readonly { readonly from: string; readonly to: string; readonly follow: boolean }[],
  /** `'same'`: the numbers inside are those on disk. */
  owners: 'none' | 'mapped' | 'same',
  /** Bytes and entries done so far; a third word that is not 0 stops the work. */
  control: BigUint64Array,
];

export interface TransferCounts {
  readonly files: number;
  readonly directories: number;
  readonly links: number;
  readonly bytes: number;
  readonly failed: number;
  /** `'gone'`: the agent ended before the work did. */
  readonly ended: '' | 'gone' | 'aborted';
  readonly failures: readonly {
    readonly item: number;
    /** Below the item; empty: the item itself. */
    readonly path: string;
    readonly errno: number;
    readonly syscall: string;
    /** The copy's side failed, not the original's. */
    readonly atTarget: boolean;
  }[];
}

export interface OpenedTransfer {
  /** 0: done. */
  readonly errno: number;
  readonly syscall: string;
  /** The caller's, or -1. */
  readonly fd: number;
}

/** Watches a descriptor that it does not own; 1 is readable, 2 is writable. */
export interface FdPoll {
  start(events: number): void;
  stop(): void;
  close(): void;
  ref(): void;
  unref(): void;
}

export const READABLE = 1;
export const WRITABLE = 2;

let loaded: Native | undefined;
let directory: NativeDirectory | undefined;

/** The directory of the native parts for this machine. */
export function nativeDirectory(): string {
  directory ??= findNativeDirectory();
  return directory.path;
}

/** Loads the addon on first use. @throws ContainervError `ERR_CONTAINERV_NO_DRIVER`. */
export function native(): Native {
  if (loaded !== undefined) return loaded;
  const file = path.join(nativeDirectory(), 'containerv.node');
  try {
    loaded = createRequire(import.meta.url)(file) as Native;
  } catch (cause) {
    throw new ContainervError(
      'ERR_CONTAINERV_NO_DRIVER',
      'The native part of containerv-linux cannot be loaded',
      { step: 'load driver', path: file, hint: hintFor(file), cause },
    );
  }
  return loaded;
}

function hintFor(file: string): string {
  if (process.platform !== 'linux')
    return `containerv-linux works on Linux only; this is ${process.platform}.`;
  const name = directory?.package ?? 'containerv-linux';
  return existsSync(file)
    ? `It was built for another machine than this one, which needs ${name}. Install again here.`
    : `npm install ${name}. It is an optional dependency, left out by --omit=optional, or by copying node_modules from another machine.`;
}
