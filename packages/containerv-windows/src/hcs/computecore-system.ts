import type { JsonObject } from '../documents/json.js';
import { isAlreadyStopped, isNotFound } from '../hresult.js';
import { check, isHresult, type NativeFunction } from '../native/library.js';
import { NativeHandle } from '../native/native-handle.js';
import type { ComputecoreFunctions } from './computecore-functions.js';
import { ComputecoreProcess } from './computecore-process.js';
import { ExitWatch } from './exit-watch.js';
import type { Deadlines, HcsProcess, HcsSystem, SystemExit } from './hcs-api.js';
import { runOperation } from './operation.js';
import { parseObject, parseSystemExit } from './status.js';

/** HCS_EVENT_TYPE of computecore.dll; vmcompute.dll has other numbers. */
const EVENT = { systemExited: 1, serviceDisconnect: 0x0200_0000 } as const;

/** A compute system through computecore.dll: every request is an operation. */
export class ComputecoreSystem implements HcsSystem {
  readonly id: string;
  readonly #functions: ComputecoreFunctions;
  readonly #deadlines: Deadlines;
  readonly handle: NativeHandle;
  readonly #watch: ExitWatch<SystemExit>;
  #context = 0n;

  constructor(id: string, handle: bigint, functions: ComputecoreFunctions, deadlines: Deadlines) {
    this.id = id;
    this.#functions = functions;
    this.#deadlines = deadlines;
    this.handle = new NativeHandle(handle, async (value) => functions.close.call(deadlines.callMs, [value]));
    this.#watch = new ExitWatch(async () => this.#lookForExit(), deadlines.pollMs, false);
  }

  get exited(): Promise<SystemExit> {
    return this.#watch.exited;
  }

  async register(): Promise<void> {
    const { setCallback, events } = this.#functions;
    this.#context = events.add((type, data) => {
      if (type === EVENT.systemExited) this.#watch.settle(parseSystemExit(data));
      else if (type === EVENT.serviceDisconnect) this.#watch.settle('lost');
    });
    const hresult = await this.handle.call(setCallback, this.#deadlines.callMs, [
      0,
      this.#context,
      events.pointer,
    ]);
    check(hresult, { step: 'watch container', call: setCallback.name, subject: this.id });
    this.#watch.check();
  }

  async start(): Promise<void> {
    await this.#operate('start container', this.#functions.start);
  }

  async pause(): Promise<void> {
    await this.#operate('pause container', this.#functions.pause);
  }

  async resume(): Promise<void> {
    await this.#operate('resume container', this.#functions.resume);
  }

  async shutdown(): Promise<void> {
    await this.#end('shut container down', this.#functions.shutdown);
  }

  async terminate(): Promise<void> {
    await this.#end('terminate container', this.#functions.terminate);
  }

  async properties(query: JsonObject): Promise<JsonObject> {
    return parseObject(
      await this.#operate('read properties', this.#functions.properties, [JSON.stringify(query)]),
    );
  }

  async modify(request: JsonObject): Promise<void> {
    await this.#operate('modify container', this.#functions.modify, [JSON.stringify(request), null]);
  }

  async createProcess(parameters: JsonObject): Promise<HcsProcess> {
    return ComputecoreProcess.create(this.handle, this.id, parameters, this.#functions, this.#deadlines);
  }

  async openProcess(pid: number): Promise<HcsProcess> {
    return ComputecoreProcess.open(this.handle, this.id, pid, this.#functions, this.#deadlines);
  }

  async close(): Promise<void> {
    await this.#watch.stop();
    // Closing waits for callbacks in flight, and nothing is called after it.
    await this.handle.close();
    this.#functions.events.remove(this.#context);
  }

  async #operate(
    step: string,
    native: NativeFunction,
    args: readonly unknown[] = [null],
  ): Promise<string | null> {
    const { document } = await runOperation(
      this.#functions,
      this.#deadlines,
      { step, call: native.name, subject: this.id },
      async (operation, observer) =>
        this.handle.call(native, this.#deadlines.callMs, [operation, ...args], observer),
      { holder: () => this.handle },
    );
    return document;
  }

  /** That it has ended already is what was wanted. */
  async #end(step: string, native: NativeFunction): Promise<void> {
    try {
      await this.#operate(step, native);
    } catch (error) {
      if (!isHresult(error, isAlreadyStopped) && !isHresult(error, isNotFound)) throw error;
      this.#watch.check();
    }
  }

  async #lookForExit(): Promise<SystemExit | undefined> {
    try {
      return (await this.properties({}))['State'] === 'Stopped' ? 'unknown' : undefined;
    } catch (error) {
      if (isHresult(error, isNotFound) || isHresult(error, isAlreadyStopped)) return 'unknown';
      throw error;
    }
  }
}
