import { ContainervError } from 'containerv-api';
import type { JsonObject } from '../documents/json.js';
import { hcsError } from '../hcs-error.js';
import { failed, isPending } from '../hresult.js';
import { check, type Out } from '../native/library.js';
import type { Deadlines, HcsApi, HcsSystem, SystemInfo } from './hcs-api.js';
import { parseSystems } from './status.js';
import type { VmcomputeFunctions } from './vmcompute-functions.js';
import { VmcomputeSystem } from './vmcompute-system.js';

/** HCS through vmcompute.dll. */
export class VmcomputeApi implements HcsApi {
  readonly library = 'vmcompute';
  readonly #functions: VmcomputeFunctions;
  readonly #deadlines: Deadlines;

  constructor(functions: VmcomputeFunctions, deadlines: Deadlines) {
    this.#functions = functions;
    this.#deadlines = deadlines;
  }

  async enumerate(query: JsonObject): Promise<readonly SystemInfo[]> {
    const { enumerate } = this.#functions;
    const systems: Out<string> = [null];
    const document: Out<string> = [null];
    const hresult = await enumerate.call(this.#deadlines.callMs, [JSON.stringify(query), systems, document]);
    check(hresult, { step: 'list containers', call: enumerate.name, document: document[0] });
    return parseSystems(systems[0]);
  }

  async create(id: string, configuration: JsonObject): Promise<HcsSystem> {
    const { create } = this.#functions;
    const handle: Out<bigint> = [null];
    const document: Out<string> = [null];
    const adopt = (): VmcomputeSystem | undefined =>
      handle[0] === null ? undefined : new VmcomputeSystem(id, handle[0], this.#functions, this.#deadlines);
    const hresult = await create.call(
      this.#deadlines.operationMs,
      [id, JSON.stringify(configuration), null, handle, document],
      { late: () => void discard(adopt()) },
    );
    const system = adopt();
    try {
      if (failed(hresult) && !isPending(hresult)) {
        throw hcsError({
          step: 'create container',
          call: create.name,
          hresult,
          document: document[0],
          subject: id,
        });
      }
      if (system === undefined) throw nothingGiven(create.name);
      await system.register();
      if (isPending(hresult)) await system.awaitCreated(create.name);
      return system;
    } catch (error) {
      await discard(system);
      throw error;
    }
  }

  async open(id: string): Promise<HcsSystem> {
    const { open } = this.#functions;
    const handle: Out<bigint> = [null];
    const document: Out<string> = [null];
    const adopt = (): VmcomputeSystem | undefined =>
      handle[0] === null ? undefined : new VmcomputeSystem(id, handle[0], this.#functions, this.#deadlines);
    const hresult = await open.call(this.#deadlines.callMs, [id, handle, document], {
      late: () => void adopt()?.close(),
    });
    check(hresult, { step: 'open container', call: open.name, subject: id, document: document[0] });
    const system = adopt();
    if (system === undefined) throw nothingGiven(open.name);
    try {
      await system.register();
      return system;
    } catch (error) {
      await system.close();
      throw error;
    }
  }
}

/** A system that nobody is to have: ended before its handle goes, since it may outlive that. */
async function discard(system: HcsSystem | undefined): Promise<void> {
  if (system === undefined) return;
  try {
    await system.terminate();
  } catch {
    // The error of the creation is the one to tell; what stays is found by its owner's name.
  }
  await system.close();
}

function nothingGiven(call: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_PROTOCOL', `${call} succeeded and gave no handle`);
}
