import { ContainervError } from 'containerv-api';
import type { FileBatch } from '../file-batch.js';
import { systemError } from '../system-error.js';
import { compareDeviceList, deviceLine } from './device-list.js';
import { type DeviceRule, STANDARD_RULES } from './device-rules.js';

const STEP = 'set device filter';
const EPERM = 1;
const EACCES = 13;
const EROFS = 30;
const FORBIDDEN: ReadonlySet<number> = new Set([EPERM, EACCES, EROFS]);

/** The rules of one container in its group of the devices controller of cgroup v1. */
export class DeviceController {
  readonly directory: string;
  readonly #rules: readonly DeviceRule[];
  #deny = -1;
  #list = -1;

  constructor(directory: string, rules: readonly DeviceRule[]) {
    this.directory = directory;
    this.#rules = rules;
  }

  /** After the group is made: what the group above may do is taken from it, and then given anew one by one. */
  addTo(batch: FileBatch): void {
    const write = (file: string, text: string): number =>
      batch.add({ op: 'write', path: `${this.directory}/${file}`, text, optional: true });
    this.#deny = write('devices.deny', 'a');
    for (const rule of this.#rules) write('devices.allow', deviceLine(rule));
    this.#list = batch.add({ op: 'read', path: `${this.directory}/devices.list`, optional: true });
  }

  /**
   * Whether the kernel says that exactly these rules are in force; `false`: this user may set none.
   * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` when it has others
   */
  holds(batch: FileBatch): boolean {
    const denied = batch.failure(this.#deny, STEP);
    if (denied !== undefined && FORBIDDEN.has(denied.errno)) return false;
    const failure = denied ?? batch.failure(this.#list, STEP);
    const hint = 'See what devices.list of the group above has.';
    const code = 'ERR_CONTAINERV_UNSUPPORTED';
    if (failure !== undefined)
      throw systemError(failure, { code, what: 'Cannot set the device filter', hint });
    const { extra, missing } = compareDeviceList(this.#rules, batch.result(this.#list).text);
    const standard = new Set(STANDARD_RULES.map((rule) => deviceLine(rule)));
    // The group above may have fewer than the standard ones: that is for who made it to say.
    const lacking = missing.filter((line) => !standard.has(line));
    if (extra.length === 0 && lacking.length === 0) return true;
    const what = `Not in force: the device filter (too much: ${extra.join(', ') || 'nothing'}; too little: ${lacking.join(', ') || 'nothing'})`;
    throw new ContainervError(code, what, { step: STEP, path: this.directory, hint });
  }
}
