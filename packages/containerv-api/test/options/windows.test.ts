import { expect, test } from 'vitest';
import { resolveContainerOptions, type WindowsOptions, windowsOptionsFromEnv } from '../../src/index.js';
import { expectInvalid } from '../invalid.js';

const resolve = (windows: unknown): unknown =>
  resolveContainerOptions({ windows: windows as WindowsOptions }).windows;

test('the options are a frozen copy', () => {
  const windows = {
    containerType: 'linux',
    isolation: 'hyperv',
    utilityVmPath: String.raw`C:\uvm`,
    parentLayers: [String.raw`C:\layers\1`],
    lcow: { uvmImagePath: String.raw`C:\lcow`, kernelFile: 'k', initrdFile: 'i', bootParameters: 'b' },
    credentialSpec: '{}',
    volumes: ['v'],
  };
  const resolved = resolve(windows);
  expect(resolved).toEqual(windows);
  expect(resolved).not.toBe(windows);
  expect(Object.isFrozen(windows.lcow)).toBe(false);
});

test.for([
  [{ containerType: 'lcow' }, '`windows.containerType`'],
  [{ isolation: 'vm' }, '`windows.isolation`'],
  [{ utilityVmPath: '' }, '`windows.utilityVmPath`'],
  [{ parentLayers: 'x' }, '`windows.parentLayers`'],
  [{ parentLayers: [7] }, '`windows.parentLayers[0]`'],
  [{ lcow: {} }, '`windows.lcow.uvmImagePath`'],
  [{ lcow: { uvmImagePath: 'x', kernelFile: 7 } }, '`windows.lcow.kernelFile`'],
  [{ credentialSpec: {} }, '`windows.credentialSpec`'],
  [{ volumes: [''] }, '`windows.volumes[0]`'],
  ['linux', '`windows` to be an object'],
] as const)('%j is refused', ([windows, part]) => {
  expectInvalid(() => resolve(windows), part);
});

test('all variables of the environment arrive', () => {
  expect(
    windowsOptionsFromEnv({
      CHEF_WINDOWS_CONTAINER_TYPE: 'linux',
      CHEF_LCOW_UVM_IMAGE_PATH: String.raw`C:\uvm`,
      CHEF_LCOW_KERNEL_FILE: 'kernel',
      CHEF_LCOW_INITRD_FILE: 'initrd.img',
      CHEF_LCOW_BOOT_PARAMETERS: 'quiet',
      PATH: 'x',
    }),
  ).toEqual({
    containerType: 'linux',
    lcow: {
      uvmImagePath: String.raw`C:\uvm`,
      kernelFile: 'kernel',
      initrdFile: 'initrd.img',
      bootParameters: 'quiet',
    },
  });
});

test('missing and empty variables set nothing', () => {
  expect(windowsOptionsFromEnv({})).toEqual({});
  expect(windowsOptionsFromEnv({ CHEF_WINDOWS_CONTAINER_TYPE: '', CHEF_LCOW_UVM_IMAGE_PATH: '' })).toEqual(
    {},
  );
  expect(windowsOptionsFromEnv({ CHEF_LCOW_UVM_IMAGE_PATH: 'x' })).toEqual({ lcow: { uvmImagePath: 'x' } });
});

test('variables that mean nothing are errors', () => {
  expectInvalid(
    () => windowsOptionsFromEnv({ CHEF_WINDOWS_CONTAINER_TYPE: 'bsd' }),
    'CHEF_WINDOWS_CONTAINER_TYPE',
  );
  expectInvalid(
    () => windowsOptionsFromEnv({ CHEF_LCOW_KERNEL_FILE: 'k' }),
    'CHEF_LCOW_UVM_IMAGE_PATH is not',
  );
});

test('what comes from the environment is accepted as options', () => {
  const windows = windowsOptionsFromEnv({ CHEF_LCOW_UVM_IMAGE_PATH: 'x', CHEF_LCOW_KERNEL_FILE: 'k' });
  expect(resolve(windows)).toEqual(windows);
});
