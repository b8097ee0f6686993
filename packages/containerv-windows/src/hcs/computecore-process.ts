import { ContainervError } from 'containerv-api';
import type { JsonObject } from '../documents/json.js';
import { isAlreadyStopped, isInvalidState, isNotFound } from '../hresult.js';
import { check, isHresult, type NativeFunction, type Out } from '../native/library.js';
import { NativeHandle } from '../native/native-handle.js';
import type { ComputecoreFunctions } from './computecore-functions.js';
import { ExitWatch } from './exit-watch.js';
import {
  type Deadlines,
  type HcsProcess,
  NO_HANDLES,
  type ProcessExit,
  type StandardHandles,
} from './hcs-api.js';
import { alsoLate, runOperation } from './operation.js';
import { type ProcessInformation, standardHandles } from './standard-handles.js';
import { parseProcessStatus } from './status.js';

/** HCS_EVENT_TYPE of computecore.dll. */
const EVENT = { processExited: 0x1_0000, serviceDisconnect: 0x0200_0000 } as const;
const GENERIC_ALL = 0x1000_0000;
const E_INVALIDARG = 0x8007_0057;

/** A process through computecore.dll. */
export class ComputecoreProcess implements HcsProcess {
  readonly #functions: ComputecoreFunctions;
  readonly #deadlines: Deadlines;
  readonly handle: NativeHandle;
  readonly #watch: ExitWatch<ProcessExit>;
  #pid: number;
  #pipes: StandardHandles = NO_HANDLES;
  #context = 0n;

  private constructor(pid: number, handle: bigint, functions: ComputecoreFunctions, deadlines: Deadlines) {
    this.#pid = pid;
    this.#functions = functions;
    this.#deadlines = deadlines;
    this.handle = new NativeHandle(handle, async (value) =>
      functions.closeProcess.call(deadlines.callMs, [value]),
    );
    this.#watch = new ExitWatch(async () => this.#look(), deadlines.pollMs, true);
  }

  static async create(
    system: NativeHandle,
    subject: string,
    parameters: JsonObject,
    functions: ComputecoreFunctions,
    deadlines: Deadlines,
  ): Promise<ComputecoreProcess> {
    const { createProcess } = functions;
    const handle: Out<bigint> = [null];
    const adopt = (): ComputecoreProcess | undefined =>
      handle[0] === null ? undefined : new ComputecoreProcess(0, handle[0], functions, deadlines);
    // Nobody waits for it any more, so it must not run.
    const late = (): void => void adopt()?.abandon();
    let process: ComputecoreProcess | undefined;
    try {
      const { information } = await runOperation(
        functions,
        deadlines,
        { step: 'start process', call: createProcess.name, subject },
        async (operation, observer) => {
          const args = [JSON.stringify(parameters), operation, null, handle];
          const observed = alsoLate(observer, late);
          const hresult = await system.call(createProcess, deadlines.operationMs, args, observed);
          process = adopt();
          return hresult;
        },
        { ofProcess: true, holder: () => process?.handle },
      );
      if (process === undefined) throw nothingGiven(createProcess.name);
      process.#inform(information);
    } catch (error) {
      // Server 2022 answers so for a process that it did start (hcsshim has the same way around).
      const spurious = process !== undefined && isHresult(error, (hresult) => hresult === E_INVALIDARG);
      if (!spurious || !(await process?.readInformation())) {
        await process?.abandon();
        throw error;
      }
    }
    if (process === undefined) throw nothingGiven(createProcess.name);
    return process.register();
  }

  static async open(
    system: NativeHandle,
    subject: string,
    pid: number,
    functions: ComputecoreFunctions,
    deadlines: Deadlines,
  ): Promise<ComputecoreProcess> {
    const { openProcess } = functions;
    const handle: Out<bigint> = [null];
    const adopt = (): ComputecoreProcess | undefined =>
      handle[0] === null ? undefined : new ComputecoreProcess(pid, handle[0], functions, deadlines);
    const hresult = await system.call(openProcess, deadlines.callMs, [pid, GENERIC_ALL, handle], {
      late: () => void adopt()?.close(),
    });
    check(hresult, { step: 'open process', call: openProcess.name, subject });
    const process = adopt();
    if (process === undefined) throw nothingGiven(openProcess.name);
    return process.register();
  }

  get pid(): number {
    return this.#pid;
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
    await this.#unlessEnded('terminate process', this.#functions.terminateProcess, null);
  }

  async signal(options: JsonObject): Promise<void> {
    await this.#unlessEnded('signal process', this.#functions.signalProcess, JSON.stringify(options));
  }

  async modify(settings: JsonObject): Promise<void> {
    await this.#unlessEnded('modify process', this.#functions.modifyProcess, JSON.stringify(settings));
  }

  async close(): Promise<void> {
    await this.#watch.stop();
    await this.handle.close();
    this.#functions.events.remove(this.#context);
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

  async register(): Promise<this> {
    const { setProcessCallback, events } = this.#functions;
    this.#context = events.add((type) => {
      if (type === EVENT.processExited) this.#watch.check();
      else if (type === EVENT.serviceDisconnect) this.#watch.settle({ exitCode: undefined });
    });
    try {
      const hresult = await this.handle.call(setProcessCallback, this.#deadlines.callMs, [
        0,
        this.#context,
        events.pointer,
      ]);
      // A process that has ended already may refuse; looking tells how it ended.
      if (!isAlreadyStopped(hresult) && !isNotFound(hresult)) {
        check(hresult, { step: 'watch process', call: setProcessCallback.name });
      }
    } catch (error) {
      await this.abandon();
      throw error;
    }
    this.#watch.check();
    return this;
  }

  async readInformation(): Promise<boolean> {
    const { processInformation } = this.#functions;
    try {
      const { information } = await runOperation(
        this.#functions,
        this.#deadlines,
        { step: 'start process', call: processInformation.name },
        async (operation, observer) =>
          this.handle.call(processInformation, this.#deadlines.callMs, [operation], observer),
        { ofProcess: true },
      );
      this.#inform(information);
      return true;
    } catch {
      return false;
    }
  }

  #inform(information: Partial<ProcessInformation>): void {
    this.#pid = information.ProcessId ?? 0;
    this.#pipes = standardHandles(information);
  }

  async #unlessEnded(step: string, native: NativeFunction, text: string | null): Promise<void> {
    try {
      await runOperation(
        this.#functions,
        this.#deadlines,
        { step, call: native.name, subject: String(this.#pid) },
        async (operation, observer) =>
          this.handle.call(native, this.#deadlines.callMs, [operation, text], observer),
      );
    } catch (error) {
      const ended =
        isHresult(error, isAlreadyStopped) ||
        isHresult(error, isNotFound) ||
        (this.#watch.ended && isHresult(error, isInvalidState));
      if (!ended) throw error;
      this.#watch.check();
    }
  }

  async #look(): Promise<ProcessExit | undefined> {
    const { processProperties } = this.#functions;
    try {
      const { document } = await runOperation(
        this.#functions,
        this.#deadlines,
        { step: 'read process', call: processProperties.name },
        async (operation, observer) =>
          this.handle.call(processProperties, this.#deadlines.callMs, [operation, null], observer),
      );
      return parseProcessStatus(document);
    } catch (error) {
      if (isHresult(error, isNotFound) || isHresult(error, isAlreadyStopped)) return { exitCode: undefined };
      throw error;
    }
  }
}

function nothingGiven(call: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_PROTOCOL', `${call} succeeded and gave no process`);
}
