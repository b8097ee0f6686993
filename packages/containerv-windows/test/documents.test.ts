import type { ContainerOptions } from 'containerv-api';
import { describe, expect, test } from 'vitest';
import { buildComputeSystem } from '../src/documents/build-compute-system.js';
import { buildHostedContainer, utilityVmSetup } from '../src/documents/hosted-container.js';
import * as requests from '../src/documents/requests.js';
import type { WindowsHost } from '../src/windows-host.js';
import { schemaErrors } from './support/hcs-schema.js';
import { BASE, LINUX, linuxHost, specOf, TOP, windowsHost } from './support/hosts.js';

const shared: ContainerOptions = { windows: { isolation: 'process' } };
const hyperv: ContainerOptions = { windows: { isolation: 'hyperv' } };
const endpoint = 'c08cb7b8-9b3c-408e-8e30-5e16a3aeb444';
const everything: ContainerOptions = {
  hostname: 'h1',
  limits: {
    memory: '513M',
    cpuPercent: 50,
    io: {
      devices: [
        {
          device: 'root',
          readBytesPerSecond: '20M',
          writeBytesPerSecond: '10M',
          readOpsPerSecond: 500,
          writeOpsPerSecond: 700,
        },
      ],
    },
  },
  mounts: [
    { source: '/host/data', target: '/data', readonly: true },
    { source: '/host/work', target: '/work' },
  ],
  detached: true,
};
const prepared = (host: WindowsHost): WindowsHost => ({
  ...host,
  stagingPath: 'C:\\data\\web\\staging',
  endpoints: [endpoint],
  networkNamespace: endpoint,
});

describe('every combination is valid by the schema of HCS', () => {
  const options: readonly [string, ContainerOptions][] = [
    ['defaults', {}],
    ['everything', everything],
    ['cpus', { limits: { cpus: 1.5, memory: '2G' } }],
    ['weight', { limits: { cpuWeight: 250 } }],
  ];
  const kinds: readonly [string, ContainerOptions, WindowsHost][] = [
    ['process', shared, windowsHost],
    ['hyperv', hyperv, windowsHost],
    ['linux', LINUX, linuxHost],
  ];
  const builds = [16_299, 17_134, 17_763, 18_362, 20_348, 26_100];
  for (const [kind, base, host] of kinds) {
    for (const [name, more] of options) {
      test.for(builds)(`${kind}, ${name}, build %i`, (build) => {
        const spec = specOf({
          ...base,
          ...more,
          ...(kind === 'linux' && more.limits ? { limits: { ...more.limits, io: undefined } } : {}),
        });
        for (const here of [
          { ...host, build },
          { ...prepared(host), build },
        ]) {
          const document = buildComputeSystem(spec, here);
          expect(schemaErrors(build < 17_763 ? 'container-v1' : 'compute-system-v2', document)).toEqual([]);
          if (build < 17_763 || kind === 'process') continue;
          const hosted = buildHostedContainer(spec, here, 'web@vm');
          expect(schemaErrors('compute-system-v2', hosted)).toEqual([]);
          for (const request of utilityVmSetup(spec, here)) {
            expect(schemaErrors('modify-request', request)).toEqual([]);
          }
        }
      });
    }
  }

  test('and the schemas do refuse', () => {
    const v1 = buildComputeSystem(specOf(shared), { ...windowsHost, build: 17_134 });
    expect(schemaErrors('container-v1', { ...v1, Surprise: 1 })).not.toEqual([]);
    expect(schemaErrors('container-v1', { ...v1, ProcessorMaximum: 1 })).not.toEqual([]);
    expect(schemaErrors('container-v1', { ...v1, HvPartition: 'no' })).not.toEqual([]);
    const v2 = buildComputeSystem(specOf(shared), windowsHost);
    expect(schemaErrors('compute-system-v2', { ...v2, VirtualMachine: {} })).not.toEqual([]);
    expect(schemaErrors('compute-system-v2', { ...v2, Container: { Surprise: {} } })).not.toEqual([]);
  });
});

describe('schema v1', () => {
  const v1 = { schema: 'v1' } as const;
  test('process isolation', () => {
    const spec = specOf({ ...everything, windows: { isolation: 'process', ...v1, credentialSpec: '{}' } });
    expect(buildComputeSystem(spec, prepared(windowsHost))).toEqual({
      SystemType: 'Container',
      Name: 'web',
      Owner: 'containerv',
      HostName: 'h1',
      TerminateOnLastHandleClosed: false,
      HvPartition: false,
      IgnoreFlushesDuringBoot: true,
      LayerFolderPath: 'C:\\data\\web\\scratch',
      Layers: [
        { ID: TOP, Path: 'C:\\img\\app' },
        { ID: BASE, Path: 'C:\\img\\base' },
      ],
      VolumePath: '\\\\?\\Volume{0a1b2c3d-0000-0000-0000-100000000000}',
      ProcessorMaximum: 5000,
      MemoryMaximumInMB: 513,
      StorageIOPSMaximum: 500,
      StorageBandwidthMaximum: 10 * 1024 ** 2,
      MappedDirectories: [
        { HostPath: 'C:\\data\\web\\staging', ContainerPath: 'C:\\chef\\staging', ReadOnly: false },
        { HostPath: '/host/data', ContainerPath: 'C:\\data', ReadOnly: true },
        { HostPath: '/host/work', ContainerPath: 'C:\\work', ReadOnly: false },
      ],
      EndpointList: [endpoint],
      Credentials: '{}',
    });
  });

  test('Hyper-V isolation: the machine is HCS’s own, and the scratch is not prepared', () => {
    const document = buildComputeSystem(specOf({ windows: v1 }), windowsHost);
    expect(document).toMatchObject({
      HvPartition: true,
      HvRuntime: { ImagePath: 'C:\\img\\base\\UtilityVM', SkipTemplate: false },
      TerminateOnLastHandleClosed: true,
      ProcessorWeight: 100,
      MemoryMaximumInMB: 1024,
    });
    expect(document).not.toHaveProperty('VolumePath');
  });

  test('Linux: LinuxMetadata is a boolean, and not there before build 17134', () => {
    const spec = specOf({ ...LINUX, writable: false });
    const [at17134, at16299] = [17_134, 16_299].map(
      (build) => buildComputeSystem(spec, { ...linuxHost, build })['MappedDirectories'],
    );
    const root = { HostPath: 'C:\\rootfs\\alpine', ContainerPath: '/chef/rootfs', ReadOnly: true };
    expect(at17134).toEqual([{ ...root, LinuxMetadata: true }]);
    expect(at16299).toEqual([root]);
  });
});

describe('schema v2', () => {
  test('process isolation', () => {
    expect(buildComputeSystem(specOf({ ...everything, ...shared }), prepared(windowsHost))).toEqual({
      Owner: 'containerv',
      SchemaVersion: { Major: 2, Minor: 1 },
      ShouldTerminateOnLastHandleClosed: false,
      Container: {
        GuestOs: { HostName: 'h1' },
        Storage: {
          Layers: [
            { Id: TOP, Path: 'C:\\img\\app' },
            { Id: BASE, Path: 'C:\\img\\base' },
          ],
          Path: '\\\\?\\Volume{0a1b2c3d-0000-0000-0000-100000000000}\\',
          QoS: { IopsMaximum: 500, BandwidthMaximum: 10 * 1024 ** 2 },
        },
        MappedDirectories: [
          { HostPath: 'C:\\data\\web\\staging', ContainerPath: 'C:\\chef\\staging', ReadOnly: false },
          { HostPath: '/host/data', ContainerPath: 'C:\\data', ReadOnly: true },
          { HostPath: '/host/work', ContainerPath: 'C:\\work', ReadOnly: false },
        ],
        Memory: { SizeInMB: 513 },
        Processor: { Maximum: 5000 },
        Networking: { Namespace: endpoint },
      },
    });
  });

  test('a virtual machine has an even amount of memory, and processors that make up the limit', () => {
    const document = buildComputeSystem(specOf({ limits: { memory: '513M', cpus: 1.5 } }), windowsHost);
    expect(document).toMatchObject({
      VirtualMachine: {
        ComputeTopology: {
          Memory: { SizeInMB: 512, AllowOvercommit: true },
          Processor: { Count: 2, Limit: 75_000 },
        },
      },
    });
  });

  test('limits of storage reach the machine too', () => {
    expect(buildComputeSystem(specOf(everything), windowsHost)).toMatchObject({
      VirtualMachine: { StorageQoS: { IopsMaximum: 500, BandwidthMaximum: 10 * 1024 ** 2 } },
    });
  });

  test('a Windows machine gets layers, disk, combination and directories in this order', () => {
    const setup = utilityVmSetup(
      specOf({ mounts: [{ source: '/host/data', target: '/data', readonly: true }] }),
      windowsHost,
    );
    expect(setup.map((request) => request['ResourcePath'] ?? 'guest')).toEqual([
      'VirtualMachine/Devices/VirtualSmb/Shares',
      'VirtualMachine/Devices/VirtualSmb/Shares',
      'VirtualMachine/Devices/Scsi/0/Attachments/1',
      'guest',
      'VirtualMachine/Devices/VirtualSmb/Shares',
    ]);
    expect(setup[4]).toMatchObject({
      Settings: { Name: 'm0', Path: '/host/data', Options: { ReadOnly: true } },
    });
  });

  test.for([
    [18_362, 'LinuxKernelDirect'],
    [17_763, 'Uefi'],
  ] as const)('a Linux machine of build %i boots by %s', ([build, how]) => {
    const document = buildComputeSystem(specOf(LINUX), { ...linuxHost, build });
    expect(document).toHaveProperty(['VirtualMachine', 'Chipset', how]);
    expect(JSON.stringify(document)).toContain('-- /bin/gcs');
  });

  test('boot parameters are added, and may replace the first program', () => {
    const commandLine = (bootParameters: string): unknown =>
      buildComputeSystem(
        specOf({ windows: { containerType: 'linux', lcow: { uvmImagePath: 'C:\\lcow', bootParameters } } }),
        linuxHost,
      );
    expect(JSON.stringify(commandLine('debug'))).toMatch(/nr_cpus=4 debug -- \/bin\/gcs/);
    expect(JSON.stringify(commandLine('debug -- /init x'))).toMatch(/nr_cpus=4 debug -- \/init x"/);
  });
});

describe('the OCI specification of a Linux container', () => {
  const specification = (options: ContainerOptions, host = linuxHost): unknown =>
    (
      buildHostedContainer(specOf({ ...LINUX, ...options }), host, 'web@vm') as Record<
        string,
        Record<string, unknown>
      >
    )['HostedSystem']?.['OciSpecification'];

  test('has every field in its place', () => {
    const oci = specification(
      {
        ...everything,
        limits: { memory: '512M', pids: 20, cpuWeight: 200 },
        mounts: [...(everything.mounts ?? []), { type: 'tmpfs', target: '/scratch', size: '1M' }],
        oomScoreAdj: 5,
        sysctls: { 'net.ipv4.ip_forward': '1' },
        writable: false,
      },
      { ...prepared(linuxHost) },
    );
    expect(schemaErrors('oci-specification', oci)).toEqual([]);
    expect(oci).toMatchObject({
      root: { path: '/chef/rootfs', readonly: true },
      hostname: 'h1',
      process: {
        noNewPrivileges: true,
        oomScoreAdj: 5,
        user: { uid: 0, gid: 0 },
        capabilities: { inheritable: [], ambient: [] },
      },
      linux: {
        resources: { memory: { limit: 512 * 1024 ** 2 }, pids: { limit: 20 }, cpu: { shares: 2048 } },
        sysctl: { 'net.ipv4.ip_forward': '1' },
        seccomp: { defaultAction: 'SCMP_ACT_ERRNO' },
      },
      windows: { network: { networkNamespace: endpoint } },
    });
    const { mounts, linux } = oci as {
      mounts: { destination: string; source: string; options: string[] }[];
      linux: { maskedPaths: string[]; resources: { devices: unknown[] } };
    };
    expect(mounts.filter(({ source }) => source.startsWith('/chef'))).toEqual([
      expect.objectContaining({ destination: '/chef/staging', source: '/chef/rootfs/chef/staging' }),
      expect.objectContaining({
        destination: '/data',
        source: '/chef/rootfs/data',
        options: expect.arrayContaining(['ro']) as string[],
      }),
      expect.objectContaining({
        destination: '/work',
        source: '/chef/rootfs/work',
        options: expect.arrayContaining(['rw']) as string[],
      }),
    ]);
    expect(mounts.at(-1)).toMatchObject({
      destination: '/scratch',
      options: expect.arrayContaining(['size=1048576']) as string[],
    });
    expect(linux.maskedPaths).toContain('/proc/kcore');
    expect(linux.resources.devices[0]).toEqual({ allow: false, access: 'rwm' });
  });

  test('limits of a disk that it does not have are refused', () => {
    expect(() => specification(everything)).toThrow(/a share, not a disk/);
  });

  test('keeps the confinement of the policy', () => {
    const { process } = specification({ policy: 'minimal' }) as {
      process: { capabilities: { bounding: string[] } };
    };
    expect(process.capabilities.bounding).not.toContain('CAP_SYS_ADMIN');
  });
});

describe('what HCS cannot hold is refused', () => {
  test.for([
    [{ limits: { swap: '1G' } }, /limits\.swap/],
    [{ limits: { cpuset: '0' } }, /limits\.cpuset/],
    [{ limits: { pids: 5 } }, /limits\.pids/],
    [{ limits: { cpus: 1, cpuWeight: 5 } }, /cpuWeight/],
    [{ limits: { memory: 'max' } }, /memory: 'max'/],
    [{ limits: { io: { weight: 5 } } }, /io\.weight/],
    [{ limits: { io: { devices: [{ device: '/dev/sda', readOpsPerSecond: 1 }] } } }, /device: 'root'/],
    [{ limits: { io: { devices: [{ device: 'root', readOpsPerSecond: 1 }] } } }, /alone/],
  ] as const)('%j', ([options, message]) => {
    expect(() => buildComputeSystem(specOf(options as ContainerOptions), windowsHost)).toThrow(
      expect.objectContaining({
        code: 'ERR_CONTAINERV_UNSUPPORTED',
        message: expect.stringMatching(message) as string,
      }),
    );
  });

  test('lifted limits are no limits', () => {
    const spec = specOf({ ...shared, limits: { swap: 'max', pids: 'max', memory: 'max' } });
    expect(buildComputeSystem(spec, windowsHost)).not.toHaveProperty('Container.Memory');
  });

  test('a Linux container with process isolation', () => {
    const spec = specOf({ windows: { containerType: 'linux', isolation: 'process' } });
    expect(() => buildComputeSystem(spec, linuxHost)).toThrow(/kernel of its own/);
  });

  test.for([
    ['process', { isolation: 'process' }, 'volumePath', /volume/],
    ['hyperv', {}, 'utilityVmPath', /utility virtual machine/],
    ['hyperv, v1', { schema: 'v1' }, 'utilityVmPath', /UtilityVM folder/],
  ] as const)('%s without its storage', ([, windows, name, message]) => {
    const host = {
      ...windowsHost,
      storage: { ...windowsHost.storage, [name]: undefined } as WindowsHost['storage'],
    };
    expect(() => buildComputeSystem(specOf({ windows }), host)).toThrow(message);
  });
});

describe('requests and queries', () => {
  test.for([
    ['modify-process', requests.resizeRequest({ columns: 120, rows: 30 })],
    ['modify-process', requests.closeStdinRequest()],
    ['signal-process', requests.signalRequest(15, 'windows')],
    ['signal-process', requests.signalRequest(2, 'windows')],
    ['signal-process', requests.signalRequest(40, 'linux')],
    ['system-query', requests.enumerateQuery('containerv')],
    ['system-query', requests.enumerateQuery('containerv', 'web')],
    ['property-query', requests.propertiesQuery('Statistics', 'ProcessList')],
    ['property-query', requests.propertiesQuery()],
    ['modify-request', requests.updateMemoryRequest(512)],
  ] as const)('%s', ([schema, document]) => {
    expect(schemaErrors(schema, document)).toEqual([]);
  });

  test('height comes first', () => {
    expect(requests.resizeRequest({ columns: 120, rows: 30 })).toMatchObject({
      ConsoleSize: { Height: 30, Width: 120 },
    });
  });

  test('signals that Windows has nothing like', () => {
    expect(() => requests.signalRequest(10, 'windows')).toThrow(/nothing like SIGUSR1/);
  });
});
