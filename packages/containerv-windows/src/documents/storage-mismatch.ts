import { ContainervError } from 'containerv-api';

/** What the driver should have prepared and the document cannot do without. */
export function storageMismatch(what: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_LAYER', `The container needs ${what}, and has none`, {
    step: 'build compute system',
    hint:
      what === 'a utility virtual machine'
        ? "The image has no UtilityVM folder, so it cannot run with Hyper-V isolation. Set `windows.utilityVmPath` or `windows.isolation: 'process'`."
        : undefined,
  });
}
