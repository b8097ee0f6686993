import { ContainervError } from 'containerv-api';
import type { JsonObject } from '../documents/json.js';
import { isAlreadyStopped, isInvalidState, isNotFound } from '../hresult.js';
import { check, type NativeFunction, type Out } from '../native/library.js';
import { NativeHandle } from '../native/native-handle.js';
import { ExitWatch } from './exit-watch.js';
import {
  type Deadlines,
  type HcsProcess,
  NO_HANDLES,
  type ProcessExit,
  type StandardHandles,
} from './hcs-api.js';
import { parseProcessStatus } from './status.js';
import { type ProcessInformation, standardHandles } from './standard-handles.js';
import type { VmcomputeFunctions } from './vmcompute-functions.js';

/** HCS_NOTIFICATIONS of vmcompute.dll. */
const PROCESS_EXITED = 0x1_0000;
const SERVICE_DISCONNECT = 0x0100_0000;

/** A process through vmcompute.dll. */
export class VmcomputeProcess implements HcsProcess {
  readonly pid: number;
  readonly #functions: VmcomputeFunctions;
  readonly #deadlines: Deadlines;
  readonly #handle: NativeHandle;
  readonly #watch: ExitWatch<ProcessExit>;
  #pipes: StandardHandles;
  #context = 0n;
  #registration: NativeHandle | undefined;

  private constructor(
    pid: number,
    handle: bigint,
    pipes: StandardHandles,
    functions: VmcomputeFunctions,
    deadlines: Deadlines,
  ) {
    this.pid = pid;
    this.#functions = functions;
    this.#deadlines = deadlines;
    this.#pipes = pipes;
    this.#handle = new NativeHandle(handle, async (value) =>
      functions.closeProcess.call(deadlines.callMs, [value]),
    );
    this.#watch = new ExitWatch(async () => this.#look(), deadlines.pollMs, true);
  }

  static async create(
    system: NativeHandle,
    subject: string,
    parameters: JsonObject,
    functions: VmcomputeFunctions,
    deadlines: Deadlines,
  ): Promise<VmcomputeProcess> {
    const { createProcess } = functions;
    const information: Partial<ProcessInformation> = {};
    const handle: Out<bigint> = [null];
    const document: Out<string> = [null];
    const open = (): VmcomputeProcess | undefined =>
      handle[0] === null
        ? undefined
        : new VmcomputeProcess(
            information.ProcessId ?? 0,
            handle[0],
            standardHandles(information),
            functions,
            deadlines,
          );
    const hresult = await system.call(
      createProcess,
      deadlines.operationMs,
      [JSON.stringify(parameters), information, handle, document],
      // Nobody waits for it any more, so it must not run.
      { late: () => void open()?.abandon() },
    );
    check(hresult, { step: 'start process', call: createProcess.name, subject, document: document[0] });
    return register(open(), createProcess);
  }

  static async open(
    system: NativeHandle,
    subject: string,
    pid: number,
    functions: VmcomputeFunctions,
    deadlines: Deadlines,
  ): Promise<VmcomputeProcess> {
    const { openProcess } = functions;
    const handle: Out<bigint> = [null];
    const document: Out<string> = [null];
    const open = (): VmcomputeProcess | undefined =>
      handle[0] === null ? undefined : new VmcomputeProcess(pid, handle[0], NO_HANDLES, functions, deadlines);
    const hresult = await system.call(openProcess, deadlines.callMs, [pid, handle, document], {
      late: () => void open()?.close(),
    });
    check(hresult, { step: 'open process', call: openProcess.name, subject, document: document[0] });
    return register(open(), openProcess);
  }

  get exited(): Promise<ProcessExit> {
    return this.#watch.exited;
  }

  takePipes(): StandardHandles {
    const pipes = this.#pipes;
    this.#pipes = NO_HANDLES;
    return pipes;
  }

  async terminate(): Promise<void> {
    const document: Out<string> = [null];
    await this.#unlessEnded('terminate process', this.#functions.terminateProcess, [document], document);
  }

  async signal(options: JsonObject): Promise<void> {
    const { signalProcess } = this.#functions;
    if (signalProcess === undefined) {
      throw new ContainervError(
        'ERR_CONTAINERV_UNSUPPORTED',
        'This build of Windows cannot signal processes',
        {
          step: 'signal process',
          hint: 'It can terminate them: SIGKILL.',
        },
      );
    }
    const document: Out<string> = [null];
    await this.#unlessEnded('signal process', signalProcess, [JSON.stringify(options), document], document);
  }

  async modify(settings: JsonObject): Promise<void> {
    const document: Out<string> = [null];
    await this.#unlessEnded(
      'modify process',
      this.#functions.modifyProcess,
      [JSON.stringify(settings), document],
      document,
    );
  }

  async close(): Promise<void> {
    await this.#watch.stop();
    await this.#registration?.close();
    this.#functions.notifications.remove(this.#context);
    await this.#handle.close();
  }

  async register(): Promise<this> {
    const { registerProcess, unregisterProcess, notifications } = this.#functions;
    this.#context = notifications.add((type) => {
      if (type === PROCESS_EXITED) this.#watch.check();
      else if (type === SERVICE_DISCONNECT) this.#watch.settle({ exitCode: undefined });
    });
    const registration: Out<bigint> = [null];
    const hresult = await this.#handle.call(registerProcess, this.#deadlines.callMs, [
      notifications.pointer,
      this.#context,
      registration,
    ]);
    // A process that has ended already may refuse; looking tells how it ended.
    if (!isAlreadyStopped(hresult) && !isNotFound(hresult)) {
      check(hresult, { step: 'watch process', call: registerProcess.name });
    }
    if (registration[0] !== null) {
      this.#registration = new NativeHandle(registration[0], async (value) =>
        unregisterProcess.call(this.#deadlines.callMs, [value]),
      );
    }
    this.#watch.check();
    return this;
  }

  /** Ends it and gives everything up. */
  async abandon(): Promise<void> {
    try {
      await this.terminate();
    } catch {
      // It goes with its system.
    }
    await this.close();
  }

  async #unlessEnded(
    step: string,
    native: NativeFunction,
    args: readonly unknown[],
    document: Out<string>,
  ): Promise<void> {
    const hresult = await this.#handle.call(native, this.#deadlines.callMs, args);
    if (isAlreadyStopped(hresult) || isNotFound(hresult) || (isInvalidState(hresult) && this.#watch.ended)) {
      this.#watch.check();
      return;
    }
    check(hresult, { step, call: native.name, subject: String(this.pid), document: document[0] });
  }

  async #look(): Promise<ProcessExit | undefined> {
    const { processProperties } = this.#functions;
    const text: Out<string> = [null];
    const document: Out<string> = [null];
    const hresult = await this.#handle.call(processProperties, this.#deadlines.callMs, [text, document]);
    if (isNotFound(hresult) || isAlreadyStopped(hresult)) return { exitCode: undefined };
    check(hresult, { step: 'read process', call: processProperties.name, document: document[0] });
    return parseProcessStatus(text[0]);
  }
}

async function register(
  process: VmcomputeProcess | undefined,
  native: NativeFunction,
): Promise<VmcomputeProcess> {
  if (process === undefined) {
    throw new ContainervError('ERR_CONTAINERV_PROTOCOL', `${native.name} succeeded and gave no process`);
  }
  try {
    return await process.register();
  } catch (error) {
    await process.abandon();
    throw error;
  }
}
