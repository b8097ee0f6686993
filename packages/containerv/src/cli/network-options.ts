import type { EgressRule, Network, PortMapping } from 'containerv-api';
import type { OptionSpecs, ParsedLine } from './command.js';
import { usageError } from './usage-error.js';

/** Options of `run` about the network. Any but `--network` itself means a private one. */
export const NETWORK_OPTIONS: OptionSpecs = {
  network: { value: 'KIND', help: 'none, host, private, or bridge:NAME, a shared one (none).' },
  publish: {
    short: 'p',
    value: '[IP:]HOST:PORT[/udp]',
    multiple: true,
    help: 'A port of this machine leads to one of the container.',
  },
  dns: { value: 'ADDRESS', multiple: true, help: "Use this name server (this machine's)." },
  egress: {
    value: 'TO[:PORTS][/udp]',
    multiple: true,
    help: "Reach only such addresses and hosts; 'none': nothing.",
  },
};

export function networkOptions({ values }: ParsedLine): Network | undefined {
  const kind = values.get('network')?.[0];
  const [publish, dns, egress] = ['publish', 'dns', 'egress'].map((name) => values.get(name));
  const details = publish !== undefined || dns !== undefined || egress !== undefined;
  if (kind === undefined && !details) return undefined;
  if (kind === 'none' || kind === 'host') {
    if (!details) return kind;
    throw usageError(
      `--network ${kind} has no --publish, --dns or --egress`,
      'Give --network private, or leave it out.',
    );
  }
  const bridge = bridgeOf(kind ?? 'private');
  return {
    ...(bridge === undefined ? {} : { bridge }),
    ...(publish === undefined ? {} : { ports: publish.map(portMapping) }),
    ...(dns === undefined ? {} : { dns }),
    ...(egress === undefined ? {} : { egress: egressRules(egress) }),
  };
}

function bridgeOf(kind: string): string | undefined {
  if (kind === 'private') return undefined;
  if (kind.startsWith('bridge:')) return kind.slice('bridge:'.length);
  throw usageError(
    `--network ${kind} is none of none, host, private and bridge:NAME`,
    'Write --network private.',
  );
}

function portMapping(text: string): PortMapping {
  const [, hostIp, host, container, protocol = 'tcp'] =
    /^(?:(\[[^\]]+\]|[^:[\]]+):)?(\d{1,5}):(\d{1,5})(?:\/(tcp|udp))?$/.exec(text) ?? [];
  if (host === undefined || container === undefined) {
    throw usageError(
      `--publish ${text} is not HOST:CONTAINER, ADDRESS:HOST:CONTAINER or one of them with /udp`,
      'For example --publish 8080:80, or --publish [::1]:8080:80/udp.',
    );
  }
  return {
    host: Number(host),
    container: Number(container),
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
    ...(hostIp === undefined ? {} : { hostIp: hostIp.replace(/^\[|\]$/g, '') }),
  };
}

function egressRules(texts: readonly string[]): EgressRule[] {
  if (!texts.includes('none')) return texts.map(egressRule);
  if (texts.length === 1) return [];
  throw usageError('--egress none and another --egress exclude each other', 'Leave one of them out.');
}

/** An IPv6 address with a port is in brackets; without, it is all colons and no port. */
function egressRule(text: string): EgressRule {
  const [, where = '', protocol] = /^(.*?)(?:\/(tcp|udp))?$/.exec(text) ?? [];
  const bare = where.split(':').length > 2 && !where.startsWith('[');
  const [, address, first, last = first] = bare
    ? ['', where]
    : (/^(\[[^\]]+\](?:\/\d+)?|[^:[\]]+)(?::(\d{1,5})(?:-(\d{1,5}))?)?$/.exec(where) ?? []);
  if (address === undefined || address === '') {
    throw usageError(
      `--egress ${text} is not ADDRESS, ADDRESS:PORT or ADDRESS:PORT-PORT`,
      'For example --egress registry.npmjs.org:443, --egress 10.0.0.0/8 or --egress [2001:db8::1]:53/udp.',
    );
  }
  return {
    address: address.replace(/[[\]]/g, ''),
    ...(first === undefined ? {} : { ports: [[Number(first), Number(last)] as const] }),
    ...(protocol === undefined ? {} : { protocol: protocol === 'udp' ? 'udp' : 'tcp' }),
  };
}
