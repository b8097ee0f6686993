import { ContainervError } from 'containerv-api';
import type { JsonObject } from '../documents/json.js';
import { hcsError } from '../hcs-error.js';
import { failed, isAlreadyStopped, isNotFound, isPending } from '../hresult.js';
import { check, deadlineError, isHresult, type NativeFunction, type Out } from '../native/library.js';
import { NativeHandle } from '../native/native-handle.js';
import { ExitWatch } from './exit-watch.js';
import type { Deadlines, HcsProcess, HcsSystem, SystemExit } from './hcs-api.js';
import { parseObject, parseSystemExit } from './status.js';
import type { Notification, VmcomputeFunctions } from './vmcompute-functions.js';
import { VmcomputeProcess } from './vmcompute-process.js';

/** HCS_NOTIFICATIONS of vmcompute.dll; computecore.dll has other numbers. */
const NOTIFICATION = {
  systemExited: 1,
  createCompleted: 2,
  startCompleted: 3,
  pauseCompleted: 4,
  resumeCompleted: 5,
  serviceDisconnect: 0x0100_0000,
} as const;

/** HCS_E_UNEXPECTED_EXIT. */
const UNEXPECTED_EXIT = 0x8037_0106;

/** What an operation that was accepted waits for. */
interface Completion {
  readonly type: number;
  readonly settle: (outcome: { status: number; data: string | null } | Error) => void;
}

/** A compute system through vmcompute.dll: operations are accepted, and end with a notification. */
export class VmcomputeSystem implements HcsSystem {
  readonly id: string;
  readonly #functions: VmcomputeFunctions;
  readonly #deadlines: Deadlines;
  readonly #handle: NativeHandle;
  readonly #watch: ExitWatch<SystemExit>;
  readonly #completions = new Set<Completion>();
  #context = 0n;
  #registration: NativeHandle | undefined;

  constructor(id: string, handle: bigint, functions: VmcomputeFunctions, deadlines: Deadlines) {
    this.id = id;
    this.#functions = functions;
    this.#deadlines = deadlines;
    this.#handle = new NativeHandle(handle, async (value) => functions.close.call(deadlines.callMs, [value]));
    this.#watch = new ExitWatch(async () => this.#lookForExit(), deadlines.pollMs, false);
  }

  get exited(): Promise<SystemExit> {
    return this.#watch.exited;
  }

  /** Asks for notifications, which has to happen before anything that waits for one. */
  async register(): Promise<void> {
    const { register, unregister, notifications } = this.#functions;
    this.#context = notifications.add((...notification) => this.#onNotification(notification));
    const registration: Out<bigint> = [null];
    const hresult = await this.#handle.call(register, this.#deadlines.callMs, [
      notifications.pointer,
      this.#context,
      registration,
    ]);
    check(hresult, { step: 'watch container', call: register.name, subject: this.id });
    if (registration[0] !== null) {
      this.#registration = new NativeHandle(registration[0], async (value) =>
        unregister.call(this.#deadlines.callMs, [value]),
      );
    }
    this.#watch.check();
  }

  /** The rest of a creation that was accepted. */
  async awaitCreated(call: string): Promise<void> {
    await this.#complete(
      this.#expect(NOTIFICATION.createCompleted, ['Created', 'Running']),
      'create container',
      call,
    );
  }

  async start(): Promise<void> {
    await this.#operate('start container', this.#functions.start, NOTIFICATION.startCompleted, ['Running']);
  }

  async pause(): Promise<void> {
    await this.#operate('pause container', this.#functions.pause, NOTIFICATION.pauseCompleted, ['Paused']);
  }

  async resume(): Promise<void> {
    await this.#operate('resume container', this.#functions.resume, NOTIFICATION.resumeCompleted, [
      'Running',
    ]);
  }

  async shutdown(): Promise<void> {
    await this.#end('shut container down', this.#functions.shutdown);
  }

  async terminate(): Promise<void> {
    await this.#end('terminate container', this.#functions.terminate);
  }

  async properties(query: JsonObject): Promise<JsonObject> {
    const { properties } = this.#functions;
    const text: Out<string> = [null];
    const document: Out<string> = [null];
    const hresult = await this.#handle.call(properties, this.#deadlines.callMs, [
      JSON.stringify(query),
      text,
      document,
    ]);
    check(hresult, {
      step: 'read properties',
      call: properties.name,
      subject: this.id,
      document: document[0],
    });
    return parseObject(text[0]);
  }

  async modify(request: JsonObject): Promise<void> {
    const { modify } = this.#functions;
    const document: Out<string> = [null];
    const hresult = await this.#handle.call(modify, this.#deadlines.operationMs, [
      JSON.stringify(request),
      document,
    ]);
    check(hresult, { step: 'modify container', call: modify.name, subject: this.id, document: document[0] });
  }

  async createProcess(parameters: JsonObject): Promise<HcsProcess> {
    return VmcomputeProcess.create(this.#handle, this.id, parameters, this.#functions, this.#deadlines);
  }

  async openProcess(pid: number): Promise<HcsProcess> {
    return VmcomputeProcess.open(this.#handle, this.id, pid, this.#functions, this.#deadlines);
  }

  async close(): Promise<void> {
    await this.#watch.stop();
    this.#fail(new ContainervError('ERR_CONTAINERV_STATE', `'${this.id}' was given up before it was done`));
    // Waits for callbacks in flight; the listener may go only after that.
    await this.#registration?.close();
    this.#functions.notifications.remove(this.#context);
    await this.#handle.close();
  }

  async #operate(
    step: string,
    native: NativeFunction,
    type: number,
    states: readonly string[],
  ): Promise<void> {
    const completion = this.#expect(type, states);
    const document: Out<string> = [null];
    let hresult: number;
    try {
      hresult = await this.#handle.call(native, this.#deadlines.operationMs, ['', document]);
    } catch (error) {
      completion.cancel();
      throw error;
    }
    if (isPending(hresult)) {
      await this.#complete(completion, step, native.name);
      return;
    }
    completion.cancel();
    check(hresult, { step, call: native.name, subject: this.id, document: document[0] });
  }

  /** Both only ask; that it has ended already is what was wanted. */
  async #end(step: string, native: NativeFunction): Promise<void> {
    const document: Out<string> = [null];
    const hresult = await this.#handle.call(native, this.#deadlines.callMs, ['', document]);
    if (isPending(hresult)) return;
    if (isAlreadyStopped(hresult) || isNotFound(hresult)) {
      this.#watch.check();
      return;
    }
    check(hresult, { step, call: native.name, subject: this.id, document: document[0] });
  }

  /** Listens before the call is made, so that an answer that overtakes it is not missed. */
  #expect(type: number, states: readonly string[]): Expectation {
    const expectation = new Expectation(
      type,
      async () => states.includes(await this.#state()),
      this.#deadlines,
    );
    this.#completions.add(expectation);
    expectation.onSettled = () => this.#completions.delete(expectation);
    return expectation;
  }

  async #complete(expectation: Expectation, step: string, call: string): Promise<void> {
    const { status, data } = await expectation.outcome(call);
    if (failed(status)) throw hcsError({ step, call, hresult: status, document: data, subject: this.id });
  }

  async #state(): Promise<string> {
    const state = (await this.properties({}))['State'];
    return typeof state === 'string' ? state : 'Unknown';
  }

  async #lookForExit(): Promise<SystemExit | undefined> {
    try {
      return (await this.#state()) === 'Stopped' ? 'unknown' : undefined;
    } catch (error) {
      if (isHresult(error, isNotFound) || isHresult(error, isAlreadyStopped)) return 'unknown';
      throw error;
    }
  }

  #onNotification([type, status, data]: Notification): void {
    for (const completion of this.#completions) {
      if (completion.type === type) completion.settle({ status, data });
    }
    if (type === NOTIFICATION.systemExited) {
      this.#fail(
        hcsError({
          step: 'wait for container',
          call: 'HcsNotification',
          hresult: UNEXPECTED_EXIT,
          document: data,
          subject: this.id,
        }),
      );
      this.#watch.settle(parseSystemExit(data));
    } else if (type === NOTIFICATION.serviceDisconnect) {
      this.#fail(
        hcsError({
          step: 'wait for container',
          call: 'HcsNotification',
          hresult: 0x8037_011e,
          subject: this.id,
        }),
      );
      this.#watch.settle('lost');
    }
  }

  #fail(error: Error): void {
    for (const completion of this.#completions) completion.settle(error);
  }
}

/** One notification that has to come, looked after in case that it does not. */
class Expectation implements Completion {
  readonly type: number;
  onSettled: () => void = () => {};
  readonly #outcome: Promise<{ status: number; data: string | null }>;
  readonly #reached: () => Promise<boolean>;
  readonly #deadlines: Deadlines;
  #resolve: (outcome: { status: number; data: string | null }) => void = () => {};
  #reject: (error: Error) => void = () => {};
  #timers: NodeJS.Timeout[] = [];
  #settled = false;

  constructor(type: number, reached: () => Promise<boolean>, deadlines: Deadlines) {
    this.type = type;
    this.#reached = reached;
    this.#deadlines = deadlines;
    this.#outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#outcome.catch(() => {});
  }

  settle(outcome: { status: number; data: string | null } | Error): void {
    if (this.#settled) return;
    this.#settled = true;
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    this.onSettled();
    if (outcome instanceof Error) this.#reject(outcome);
    else this.#resolve(outcome);
  }

  cancel(): void {
    this.settle({ status: 0, data: null });
  }

  async outcome(call: string): Promise<{ status: number; data: string | null }> {
    if (!this.#settled) {
      const { operationMs, pollMs } = this.#deadlines;
      this.#timers.push(
        setTimeout(() => this.settle(deadlineError(call, operationMs)), operationMs),
        setInterval(() => {
          this.#reached()
            .then((reached) => (reached ? this.settle({ status: 0, data: null }) : undefined))
            .catch((error: unknown) => {
              // It ended instead, and nobody was told.
              if (isHresult(error, isNotFound) || isHresult(error, isAlreadyStopped)) {
                this.settle({ status: UNEXPECTED_EXIT, data: null });
              }
            });
        }, pollMs),
      );
    }
    return this.#outcome;
  }
}
