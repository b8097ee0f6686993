import { loadNative, missingLibrary } from '../native/library.js';
import { deadlineMs } from './deadline.js';
import { HcnApi } from './hcn-api.js';
import { bindHcn } from './hcn-functions.js';
import type { HnsApi } from './hns-api.js';
import { HnsCall } from './hns-call.js';
import { HnsCallApi } from './hns-call-api.js';

let opened: Promise<HnsApi> | undefined;

/**
 * The Host Networking Service through the newest library that this Windows has; loaded on first use, and again after a
 * failure. `CONTAINERV_HNS_LIBRARY=vmcompute` takes the older one.
 *
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` when it has none, with the command that installs it.
 */
export async function openHns(): Promise<HnsApi> {
  opened ??= load();
  try {
    return await opened;
  } catch (error) {
    opened = undefined;
    throw error;
  }
}

async function load(): Promise<HnsApi> {
  const native = await loadNative();
  const vmcompute = native.open('vmcompute.dll');
  if (vmcompute === undefined) throw missingLibrary('vmcompute.dll');
  const ms = deadlineMs();
  const older = new HnsCallApi(new HnsCall(vmcompute, native.types, ms));
  const computenetwork =
    process.env['CONTAINERV_HNS_LIBRARY'] === 'vmcompute' ? undefined : native.open('computenetwork.dll');
  // By its first export: a library without functions is none.
  if (
    computenetwork?.optional('HcnEnumerateNetworks', [
      'str16',
      native.types.outText,
      native.types.outText,
    ]) === undefined
  ) {
    return older;
  }
  return new HcnApi(bindHcn(computenetwork, native.types), older, ms);
}
