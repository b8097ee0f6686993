import { ContainervError } from 'containerv-api';
import type { JsonObject } from '../documents/json.js';
import { check, type Out } from '../native/library.js';
import type { ComputecoreFunctions } from './computecore-functions.js';
import { ComputecoreSystem } from './computecore-system.js';
import type { Deadlines, HcsApi, HcsSystem, SystemInfo } from './hcs-api.js';
import { alsoLate, runOperation } from './operation.js';
import { parseSystems } from './status.js';

const GENERIC_ALL = 0x1000_0000;

/** HCS through computecore.dll. */
export class ComputecoreApi implements HcsApi {
  readonly library = 'computecore';
  readonly #functions: ComputecoreFunctions;
  readonly #deadlines: Deadlines;

  constructor(functions: ComputecoreFunctions, deadlines: Deadlines) {
    this.#functions = functions;
    this.#deadlines = deadlines;
  }

  async enumerate(query: JsonObject): Promise<readonly SystemInfo[]> {
    const { enumerate } = this.#functions;
    const { document } = await runOperation(
      this.#functions,
      this.#deadlines,
      { step: 'list containers', call: enumerate.name },
      async (operation, observer) =>
        enumerate.call(this.#deadlines.callMs, [JSON.stringify(query), operation], observer),
    );
    return parseSystems(document);
  }

  async create(id: string, configuration: JsonObject): Promise<HcsSystem> {
    const { create } = this.#functions;
    const handle: Out<bigint> = [null];
    const adopt = (): ComputecoreSystem | undefined =>
      handle[0] === null ? undefined : new ComputecoreSystem(id, handle[0], this.#functions, this.#deadlines);
    let system: ComputecoreSystem | undefined;
    try {
      await runOperation(
        this.#functions,
        this.#deadlines,
        { step: 'create container', call: create.name, subject: id },
        async (operation, observer) => {
          const hresult = await create.call(
            this.#deadlines.operationMs,
            [id, JSON.stringify(configuration), operation, null, handle],
            alsoLate(observer, () => void discard(adopt())),
          );
          system = adopt();
          return hresult;
        },
        { holder: () => system?.handle },
      );
      if (system === undefined) throw nothingGiven(create.name);
      await system.register();
      return system;
    } catch (error) {
      await discard(system);
      throw error;
    }
  }

  async open(id: string): Promise<HcsSystem> {
    const { open } = this.#functions;
    const handle: Out<bigint> = [null];
    const adopt = (): ComputecoreSystem | undefined =>
      handle[0] === null ? undefined : new ComputecoreSystem(id, handle[0], this.#functions, this.#deadlines);
    const hresult = await open.call(this.#deadlines.callMs, [id, GENERIC_ALL, handle], {
      late: () => void adopt()?.close(),
    });
    check(hresult, { step: 'open container', call: open.name, subject: id });
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
