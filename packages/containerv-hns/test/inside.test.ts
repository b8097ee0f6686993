import { execFileSync } from 'node:child_process';
import { ContainervError } from 'containerv-api';
import { describe, expect, test } from 'vitest';
import { endpointSettings } from '../src/endpoint-settings.js';
import { configureInside, type RunInside } from '../src/inside/configure-inside.js';
import { connectedInterface, netshCommands } from '../src/inside/netsh.js';
import { powershellCommand } from '../src/inside/powershell.js';
import { shellCommands } from '../src/inside/shell.js';
import type { NetworkOutcome } from '../src/outcome.js';
import { EVERYTHING, NAT, wanted } from './support/options.js';

const settings = endpointSettings('web', NAT, EVERYTHING);
const v6 = endpointSettings('web', NAT, wanted({ containerIp: 'fd00:20::5', gateway: 'fd00:20::1' }));
const mac = '00-15-5D-52-C0-10';

describe('PowerShell', () => {
  const script = (field: 'address' | 'gateway' | 'dns', from = settings): string => {
    const argv = powershellCommand({ field, settings: from, mac });
    expect(argv.slice(0, -1)).toEqual([
      'powershell.exe',
      '-NoLogo',
      '-NoProfile',
      '-NonInteractive',
      '-EncodedCommand',
    ]);
    expect(argv.at(-1)).toMatch(/^[A-Za-z0-9+/]+=*$/);
    return Buffer.from(argv.at(-1) ?? '', 'base64').toString('utf16le');
  };

  test('one field each, at the adapter with the MAC address, and stops at the first failure', () => {
    expect(script('address')).toMatch(
      /^\$ErrorActionPreference = 'Stop'\n.*\$_\.MacAddress -eq '00-15-5D-52-C0-10'/,
    );
    expect(script('address')).toContain(
      "New-NetIPAddress -InterfaceIndex $index -IPAddress '172.20.0.10' -PrefixLength 16",
    );
    expect(script('gateway')).toContain(
      "New-NetRoute -InterfaceIndex $index -DestinationPrefix '0.0.0.0/0' -NextHop '172.20.0.1'",
    );
    expect(script('dns')).toContain("$servers = @('8.8.8.8', '2001:4860:4860::8888')");
    expect(script('address')).not.toContain('New-NetRoute');
  });

  test('IPv6', () => {
    expect(script('address', v6)).toContain('-AddressFamily IPv6');
    expect(script('address', v6)).toContain("-IPAddress 'fd00:20::5' -PrefixLength 64");
    expect(script('gateway', v6)).toContain("-DestinationPrefix '::/0' -NextHop 'fd00:20::1'");
  });

  test('without a MAC address there must be exactly one adapter', () => {
    const argv = powershellCommand({ field: 'dns', settings, mac: undefined });
    expect(Buffer.from(argv.at(-1) ?? '', 'base64').toString('utf16le')).toContain("$_.Status -eq 'Up'");
  });
});

describe('netsh', () => {
  test('one field each, by the number of the interface', () => {
    const netsh = (field: 'address' | 'gateway' | 'dns', from = settings): string[] =>
      netshCommands({ field, settings: from, mac }, 12).map((argv) => argv.join(' '));
    expect(netsh('address')).toEqual([
      'netsh.exe interface ipv4 set address name=12 source=static address=172.20.0.10 mask=255.255.0.0',
    ]);
    expect(netsh('address', v6)).toEqual([
      'netsh.exe interface ipv6 add address interface=12 address=fd00:20::5/64',
    ]);
    expect(netsh('gateway')).toEqual([
      'netsh.exe interface ipv4 add route prefix=0.0.0.0/0 interface=12 nexthop=172.20.0.1',
    ]);
    expect(netsh('dns')).toEqual([
      'netsh.exe interface ipv4 set dnsservers name=12 source=static address=8.8.8.8 validate=no',
      'netsh.exe interface ipv6 set dnsservers name=12 source=static address=2001:4860:4860::8888 validate=no',
    ]);
  });

  const row = (index: number, mtu: number, state: string, name: string): string =>
    `${index}          25  ${mtu}  ${state}    ${name}`;
  const header =
    'Idx     Met         MTU          State                Name\r\n---  ----------  ----------  ------------  ---';
  test.for<readonly [string, string[], number | undefined]>([
    [
      'one',
      [
        row(1, 4_294_967_295, 'connected', 'Loopback Pseudo-Interface 1'),
        row(12, 1500, 'connected', 'vEthernet (Ethernet)'),
      ],
      12,
    ],
    [
      'one, in German',
      [row(1, 4_294_967_295, 'connected', 'Schleife'), row(7, 1500, 'Verbunden', 'Ethernet 2')],
      7,
    ],
    ['one disconnected', [row(7, 1500, 'disconnected', 'Ethernet')], undefined],
    ['two', [row(7, 1500, 'connected', 'a'), row(8, 1500, 'connected', 'b')], undefined],
    ['none', [], undefined],
  ])('interfaces: %s', ([, rows, index]) => {
    expect(connectedInterface([header, ...rows, ''].join('\r\n'))).toBe(index);
  });
});

describe('the choice', () => {
  const outcome: NetworkOutcome = {
    address: 'not applied',
    gateway: 'endpoint',
    dns: 'not applied',
    ports: 'endpoint',
  };
  const DONE = { exitCode: 0, stdout: '', stderr: '' };
  const recording = (answer: RunInside): { run: RunInside; calls: string[] } => {
    const calls: string[] = [];
    const run: RunInside = async (argv, user) => {
      calls.push(`${user}: ${argv.slice(0, 4).join(' ')}`);
      return answer(argv, user);
    };
    return { run, calls };
  };
  const spawnError = new ContainervError('ERR_CONTAINERV_SPAWN', 'no such file');

  test('only what is not applied is configured', async () => {
    const { run, calls } = recording(async () => DONE);
    expect(await configureInside({ guest: 'windows', settings, outcome, mac, run })).toEqual({
      address: 'in-container',
      gateway: 'endpoint',
      dns: 'in-container',
      ports: 'endpoint',
    });
    expect(calls).toEqual(
      Array.from(
        { length: 2 },
        () => 'ContainerAdministrator: powershell.exe -NoLogo -NoProfile -NonInteractive',
      ),
    );
  });

  test('netsh where there is no PowerShell', async () => {
    const { run, calls } = recording(async ([program, ...args]) => {
      if (program === 'powershell.exe') throw spawnError;
      return args.includes('show') ? { ...DONE, stdout: '12 25 1500 connected Ethernet\r\n' } : DONE;
    });
    const only = { address: 'not applied' } as const;
    expect(await configureInside({ guest: 'windows', settings, outcome: only, mac, run })).toEqual({
      address: 'in-container',
    });
    expect(calls.slice(1)).toEqual([
      'ContainerAdministrator: netsh.exe interface ipv4 show',
      'ContainerAdministrator: netsh.exe interface ipv4 set',
    ]);
  });

  test('what cannot be applied either way rejects, unless it is optional', async () => {
    const { run } = recording(async () => ({ exitCode: 1, stdout: '', stderr: 'Access\ndenied' }));
    const request = { guest: 'linux', settings, outcome: { dns: 'not applied' }, mac, run } as const;
    await expect(configureInside(request)).rejects.toMatchObject({
      code: 'ERR_CONTAINERV_HNS',
      message: expect.stringMatching(
        /dns could not be applied: \/bin\/sh ended with 1: Access denied/,
      ) as string,
    });
    expect(await configureInside({ ...request, optional: ['dns'] })).toEqual({ dns: 'not applied' });
    await expect(configureInside({ ...request, optional: ['address'] })).rejects.toMatchObject({
      code: 'ERR_CONTAINERV_HNS',
    });
  });

  test('no shell, no network', async () => {
    const { run } = recording(async () => Promise.reject(spawnError));
    await expect(
      configureInside({ guest: 'windows', settings, outcome: { dns: 'not applied' }, mac, run }),
    ).rejects.toMatchObject({
      message: expect.stringMatching(
        /powershell\.exe cannot be started; netsh\.exe cannot be started/,
      ) as string,
    });
  });

  test('a container that has ended is not asked again', async () => {
    const ended = new ContainervError('ERR_CONTAINERV_STATE', 'ended');
    const { run, calls } = recording(async () => Promise.reject(ended));
    await expect(
      configureInside({ guest: 'windows', settings, outcome, mac, run, optional: ['address', 'dns'] }),
    ).rejects.toBe(ended);
    expect(calls).toHaveLength(1);
  });
});

describe('the shell of a Linux guest', () => {
  test('values come as arguments, never as text of the script', () => {
    for (const field of ['address', 'gateway', 'dns'] as const) {
      for (const [, , script] of shellCommands({ field, settings, mac }))
        expect(script).not.toMatch(/172\.20|8\.8\.8\.8|00:15/);
    }
    expect(shellCommands({ field: 'dns', settings, mac })[0]?.slice(3)).toEqual([
      'sh',
      '8.8.8.8',
      '2001:4860:4860::8888',
    ]);
  });

  const tools =
    'command -v ip >/dev/null && mount -t sysfs sysfs /sys && ip link add one0 type veth peer name other0';
  const inside = (script: string, ...args: string[]): string =>
    execFileSync('unshare', ['-rnm', 'sh', '-c', script, 'sh', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const missing = whyNot(() => inside(tools));

  test.skipIf(missing !== undefined)(
    `for real, in a network namespace${missing === undefined ? '' : ` (needs ${missing})`}`,
    () => {
      const quote = (argv: readonly string[]): string =>
        argv.map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`).join(' ');
      const all = [settings, v6].flatMap((each) =>
        (['address', 'gateway', 'dns'] as const).flatMap((field) =>
          field === 'dns' && each === v6 ? [] : shellCommands({ field, settings: each, mac }),
        ),
      );
      const shown = inside(`set -e
${tools}
ip link set one0 address 00:15:5d:52:c0:10
ip link set one0 up
ip addr add 169.254.1.1/16 dev one0
file=$(mktemp); trap 'rm -f "$file"' EXIT; chmod 644 "$file"; mount --bind "$file" "$(readlink -f /etc/resolv.conf)"
${all.map(quote).join('\n')}
ip -o addr show dev one0; ip -o addr show dev other0; ip route show default; ip -6 route show default; cat /etc/resolv.conf`);
      expect(shown).toMatch(/inet 172\.20\.0\.10\/16 .*one0/);
      expect(shown).not.toContain('169.254.1.1');
      expect(shown).toMatch(/inet6 fd00:20::5\/64/);
      expect(shown).toMatch(/default via 172\.20\.0\.1 dev one0/);
      expect(shown).toMatch(/default via fd00:20::1 dev one0/);
      expect(shown).toContain('nameserver 8.8.8.8\nnameserver 2001:4860:4860::8888\n');
      expect(shown).not.toMatch(/other0 +inet/);
    },
  );
});

function whyNot(probe: () => unknown): string | undefined {
  try {
    probe();
    return undefined;
  } catch {
    return 'iproute2, unshare and user namespaces';
  }
}
