import { setTimeout as sleep } from 'node:timers/promises';
import type { Deadlines } from '../hcs/hcs-api.js';
import { isNotReady } from '../hresult.js';
import { baseName } from '../layers/windows-path.js';
import { check, type NativeFunction } from '../native/library.js';
import type { LayerReference } from '../windows-host.js';
import { type Guid, guidText } from './guid.js';
import type { LayerFunctions } from './layer-functions.js';

/** The filter driver, and layers by their full paths. */
const DRIVER = { Flavour: 1, HomeDir: '' };
/** `\\?\Volume{...}\` and its NUL, with room to spare. */
const MAX_PATH_UNITS = 1024;
const MAX_ATTEMPTS = 5;
const RETRY_MS = 100;

/** A layer with what documents and the filter driver know it by. */
export interface Layer extends LayerReference {
  readonly guid: Guid;
}

// Prepared one at a time in the whole program: side by side they time out (hcsshim keeps the same lock).
let preparing: Promise<unknown> = Promise.resolve();

/** Scratch layers on disk, through the filter driver. */
export class LayerStorage {
  readonly #functions: LayerFunctions;
  readonly #deadlines: Deadlines;

  constructor(functions: LayerFunctions, deadlines: Deadlines) {
    this.#functions = functions;
    this.#deadlines = deadlines;
  }

  /** The id of a layer is made from the name of its folder, by Windows' own rule. */
  async identify(path: string): Promise<Layer> {
    const guid: Partial<Guid> = {};
    await this.#call('identify layer', this.#functions.nameToGuid, [baseName(path), guid], path);
    return { id: guidText(guid as Guid), path, guid: guid as Guid };
  }

  /** Makes `sandbox.vhdx` in a folder that is there. */
  async createScratch(path: string, layers: readonly Layer[]): Promise<void> {
    const { createSandbox } = this.#functions;
    await this.#call(
      'create scratch layer',
      createSandbox,
      [DRIVER, path, null, ...descriptors(layers)],
      path,
    );
  }

  async expand(path: string, bytes: number): Promise<void> {
    await this.#call('expand scratch layer', this.#functions.expandSandbox, [DRIVER, path, bytes], path);
  }

  /** Mounts a scratch over its layers. @returns its volume, `\\?\Volume{...}\` */
  async mount(path: string, layers: readonly Layer[]): Promise<string> {
    await this.#inTurn(path, layers);
    try {
      return await this.#mountPath(path);
    } catch (error) {
      await this.unmount(path);
      throw error;
    }
  }

  /** Both steps are tried; the first failure is told. */
  async unmount(path: string): Promise<void> {
    const { unprepare, deactivate } = this.#functions;
    const failures: unknown[] = [];
    for (const [step, native] of [
      ['unprepare layer', unprepare],
      ['deactivate layer', deactivate],
    ] as const) {
      await this.#call(step, native, [DRIVER, path], path).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Writes what a scratch, which is not mounted, has of its own to an empty folder. */
  async exportLayer(path: string, folder: string, layers: readonly Layer[]): Promise<void> {
    const { exportLayer, unprepare, deactivate } = this.#functions;
    // Mounted once, so that one that nothing ever ran in is complete.
    await this.#inTurn(path, layers);
    try {
      await this.#call('unprepare layer', unprepare, [DRIVER, path], path);
      const args = [DRIVER, path, folder, ...descriptors(layers)];
      await this.#call('export layer', exportLayer, args, path);
    } finally {
      await this.#call('deactivate layer', deactivate, [DRIVER, path], path);
    }
  }

  /** Makes a read-only layer in a folder that is there, from one that {@link exportLayer} could have written. */
  async importLayer(path: string, folder: string, layers: readonly Layer[]): Promise<void> {
    const { importLayer } = this.#functions;
    await this.#call('import layer', importLayer, [DRIVER, path, folder, ...descriptors(layers)], path);
  }

  /** Removes the folder with everything in it; what its files' owners and junctions need, only Windows does. */
  async destroy(path: string): Promise<void> {
    const { destroy, destroyFolder } = this.#functions;
    if (destroyFolder !== undefined) await this.#call('destroy layer', destroyFolder, [path], path);
    else await this.#call('destroy layer', destroy, [DRIVER, path], path);
  }

  /** Lets a virtual machine open a file. */
  async grantAccess(machineId: string, path: string): Promise<void> {
    await this.#call('grant access to disk', this.#functions.grantVmAccess, [machineId, path], path);
  }

  /** Takes it back, where this build can. */
  async revokeAccess(machineId: string, path: string): Promise<void> {
    const { revokeVmAccess } = this.#functions;
    if (revokeVmAccess !== undefined) {
      await this.#call('revoke access to disk', revokeVmAccess, [machineId, path], path);
    }
  }

  async #inTurn(path: string, layers: readonly Layer[]): Promise<void> {
    const prepared = preparing.then(async () => this.#activateAndPrepare(path, layers));
    preparing = prepared.catch(() => {});
    await prepared;
  }

  async #activateAndPrepare(path: string, layers: readonly Layer[]): Promise<void> {
    const { activate, deactivate, prepare } = this.#functions;
    for (let attempt = 1; ; attempt++) {
      const activated = await this.#try(activate, [DRIVER, path]);
      if (isNotReady(activated) && attempt < MAX_ATTEMPTS) {
        await sleep(RETRY_MS);
        continue;
      }
      check(activated, { step: 'activate layer', call: activate.name, subject: path });
      const prepared = await this.#try(prepare, [DRIVER, path, ...descriptors(layers)]);
      if (prepared >= 0) return;
      await this.#try(deactivate, [DRIVER, path]);
      if (!isNotReady(prepared) || attempt >= MAX_ATTEMPTS) {
        check(prepared, { step: 'prepare layer', call: prepare.name, subject: path });
      }
      await sleep(RETRY_MS);
    }
  }

  async #mountPath(path: string): Promise<string> {
    const length = [MAX_PATH_UNITS];
    const buffer = Buffer.alloc(MAX_PATH_UNITS * 2);
    await this.#call('read mount path', this.#functions.mountPath, [DRIVER, path, length, buffer], path);
    const text = buffer.toString('utf16le');
    return text.slice(0, text.indexOf('\0'));
  }

  async #try(native: NativeFunction, args: readonly unknown[]): Promise<number> {
    return native.call(this.#deadlines.operationMs, args);
  }

  async #call(
    step: string,
    native: NativeFunction,
    args: readonly unknown[],
    subject: string,
  ): Promise<void> {
    check(await this.#try(native, args), { step, call: native.name, subject });
  }
}

/** Nearest parent first, base last, and how many. */
function descriptors(layers: readonly Layer[]): [object[], number] {
  return [layers.map(({ guid, path }) => ({ LayerId: guid, Flags: 0, Path: path })), layers.length];
}
