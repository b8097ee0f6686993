import { addressFamily } from '../addresses.js';
import type { EndpointSettings } from '../endpoint-settings.js';
import type { Argv, InsideTask } from './inside-command.js';

/** One field of a Windows container's network, by its own cmdlets; exit code 0 only when it reads back as set. */
export function powershellCommand({ field, settings, mac }: InsideTask): Argv {
  const script = ["$ErrorActionPreference = 'Stop'", ...adapter(mac), ...SCRIPTS[field](settings)].join('\n');
  return ['powershell.exe', '-NoLogo', '-NoProfile', '-NonInteractive', '-EncodedCommand', encode(script)];
}

/** One argument without anything that a command line could misread. */
function encode(script: string): string {
  return Buffer.from(script, 'utf16le').toString('base64');
}

const SCRIPTS: Readonly<Record<InsideTask['field'], (settings: EndpointSettings) => readonly string[]>> = {
  address: ({ addresses }) =>
    addresses.flatMap(({ address, prefixLength }) => {
      const family = familyName(address);
      return [
        `Set-NetIPInterface -InterfaceIndex $index -AddressFamily ${family} -Dhcp Disabled`,
        // Link-local addresses stay.
        `Get-NetIPAddress -InterfaceIndex $index -AddressFamily ${family} -ErrorAction SilentlyContinue | Where-Object { $_.PrefixOrigin -ne 'WellKnown' } | Remove-NetIPAddress -Confirm:$false`,
        `New-NetIPAddress -InterfaceIndex $index -IPAddress ${quote(address)} -PrefixLength ${prefixLength} | Out-Null`,
        `if ((Get-NetIPAddress -InterfaceIndex $index -IPAddress ${quote(address)}).PrefixLength -ne ${prefixLength}) { throw 'the address did not stay' }`,
      ];
    }),
  gateway: ({ gateways }) =>
    gateways.flatMap((gateway) => {
      const everywhere = addressFamily(gateway) === 6 ? '::/0' : '0.0.0.0/0';
      return [
        `Get-NetRoute -InterfaceIndex $index -DestinationPrefix '${everywhere}' -ErrorAction SilentlyContinue | Remove-NetRoute -Confirm:$false`,
        `New-NetRoute -InterfaceIndex $index -DestinationPrefix '${everywhere}' -NextHop ${quote(gateway)} | Out-Null`,
      ];
    }),
  dns: ({ dns }) => [
    `$servers = @(${dns.map(quote).join(', ')})`,
    'Set-DnsClientServerAddress -InterfaceIndex $index -ServerAddresses $servers',
    '$set = @(Get-DnsClientServerAddress -InterfaceIndex $index | ForEach-Object { $_.ServerAddresses })',
    "foreach ($server in $servers) { if ($set -notcontains $server) { throw 'a name server did not stay' } }",
  ],
};

function adapter(mac: string | undefined): readonly string[] {
  const which = mac === undefined ? "$_.Status -eq 'Up'" : `$_.MacAddress -eq ${quote(mac)}`;
  return [
    `$adapters = @(Get-NetAdapter | Where-Object { ${which} })`,
    "if ($adapters.Count -ne 1) { throw 'there is not exactly one such adapter' }",
    '$index = $adapters[0].ifIndex',
  ];
}

function familyName(address: string): string {
  return addressFamily(address) === 6 ? 'IPv6' : 'IPv4';
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
