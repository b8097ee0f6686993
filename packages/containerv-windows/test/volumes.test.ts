import type { ContainerOptions, WindowsOptions } from 'containerv-api';
import { describe, expect, test } from 'vitest';
import { buildComputeSystem } from '../src/documents/build-compute-system.js';
import { buildHostedContainer, utilityVmSetup } from '../src/documents/hosted-container.js';
import { checkVolumeName, isUnfinished, unfinishedFile, volumeNameOf } from '../src/volumes/volume-file.js';
import { wantedVolumes } from '../src/volumes/wanted-volumes.js';
import type { AttachedVolume, WindowsHost } from '../src/windows-host.js';
import { schemaErrors } from './support/hcs-schema.js';
import { specOf, windowsHost } from './support/hosts.js';

const VOLUME = '\\\\?\\Volume{0a1b2c3d-0000-0000-0000-200000000000}\\';
const DISK = 'C:\\data\\.volumes\\cache.vhdx';
const wanted = (volumes: WindowsOptions['volumes']): ReturnType<typeof wantedVolumes> =>
  wantedVolumes(specOf({ windows: { volumes } }));

describe('what a container asks for', () => {
  test('a name alone is below /volumes, and may be written to', () => {
    expect(wanted(['cache', { name: 'tools', target: '/opt/tools/', readonly: true }])).toEqual([
      { name: 'cache', target: '/volumes/cache', readonly: false },
      { name: 'tools', target: '/opt/tools', readonly: true },
    ]);
    expect(wanted(undefined)).toEqual([]);
  });

  test.for([
    [['a', 'A']],
    [['a', { name: 'a', target: '/b' }]],
    [['..']],
    [['nul']],
    [[{ name: 'a', target: 'relative' }]],
    [[{ name: 'a', where: '/a' }]],
    [[{ target: '/a' }]],
    [[5]],
  ] as const)('%j is refused', ([volumes]) => {
    expect(() => wanted(volumes as unknown as WindowsOptions['volumes'])).toThrow(
      expect.objectContaining({ code: 'ERR_CONTAINERV_INVALID_OPTION' }),
    );
  });
});

describe('names', () => {
  test.for(['a', 'Build-2.x', '0', 'a_b', 'x'.repeat(63), 'console', 'nullable'])('%s', (name) => {
    expect(checkVolumeName(name)).toBe(name);
    expect(volumeNameOf(`${name}.VHDX`)).toBe(name);
  });

  test.for(['', '.', '..', '.a', 'a.', 'a b', 'a/b', 'a\\b', 'a:b', 'con', 'NUL', 'lpt1', 'aux.x', 'ä'])(
    '%s is none',
    (name) => {
      expect(() => checkVolumeName(name)).toThrow(/device/);
      expect(volumeNameOf(`${name}.vhdx`)).toBeUndefined();
    },
  );

  test('what is being made is no volume', () => {
    const base = { state: '/s', data: '/d' };
    const file = unfinishedFile(base, 'cache').split('/').at(-1) ?? '';
    expect([isUnfinished(file), volumeNameOf(file)]).toEqual([true, undefined]);
    expect(isUnfinished('cache.vhdx')).toBe(false);
    expect(unfinishedFile(base, 'cache')).not.toBe(unfinishedFile(base, 'cache'));
  });
});

describe('in documents', () => {
  const host = (volumePath: string | undefined, readonly = false): WindowsHost => {
    const volumes: AttachedVolume[] = [{ diskPath: DISK, volumePath, target: '/volumes/cache', readonly }];
    return { ...windowsHost, volumes };
  };

  test.for(['v1', 'v2'] as const)('process isolation in schema %s sees the volume of the disk', (schema) => {
    const spec = specOf({ windows: { isolation: 'process', schema } });
    const document = buildComputeSystem(spec, host(VOLUME, true));
    expect(schemaErrors(schema === 'v1' ? 'container-v1' : 'compute-system-v2', document)).toEqual([]);
    expect(document).toMatchObject(
      wrapped(schema, [{ HostPath: VOLUME, ContainerPath: 'C:\\volumes\\cache', ReadOnly: true }]),
    );
  });

  test('a virtual machine gets the disk, mounts it, and the container sees that', () => {
    const spec = specOf({});
    const requests = utilityVmSetup(spec, host(undefined));
    const disk = requests.find((request) => JSON.stringify(request).includes('cache.vhdx'));
    expect(disk).toEqual({
      ResourcePath: 'VirtualMachine/Devices/Scsi/0/Attachments/2',
      RequestType: 'Add',
      Settings: { Type: 'VirtualDisk', Path: DISK },
      GuestRequest: {
        ResourceType: 'MappedVirtualDisk',
        RequestType: 'Add',
        Settings: { ContainerPath: 'C:\\v\\web\\0', Lun: 2 },
      },
    });
    for (const request of requests) expect(schemaErrors('modify-request', request)).toEqual([]);
    const hosted = buildHostedContainer(spec, host(undefined), 'web@vm');
    expect(schemaErrors('compute-system-v2', hosted)).toEqual([]);
    expect(hosted).toMatchObject({
      HostedSystem: {
        Container: {
          MappedDirectories: [
            { HostPath: 'C:\\v\\web\\0', ContainerPath: 'C:\\volumes\\cache', ReadOnly: false },
          ],
        },
      },
    });
  });

  test('one that may not be written to is not in the machine either', () => {
    const requests = utilityVmSetup(specOf({}), host(undefined, true));
    expect(requests).toContainEqual(
      expect.objectContaining({ Settings: { Type: 'VirtualDisk', Path: DISK, ReadOnly: true } }),
    );
  });
});

function wrapped(schema: 'v1' | 'v2', directories: readonly object[]): object {
  return schema === 'v1'
    ? { MappedDirectories: directories }
    : { Container: { MappedDirectories: directories } };
}

test('options of containers take volumes by name', () => {
  const options: ContainerOptions = { rootfs: 'C:\\x', windows: { volumes: ['a'] } };
  expect(specOf(options).windows?.volumes).toEqual(['a']);
});
