import koffi from 'koffi';

const library = koffi.load(String.raw`C:\windows\System32\fakehcs.dll`);
const setNetworks = library.func('FakeNetworks', 'int', ['str16']) as (text: string) => number;
const readReport = library.func('FakeNetworksReport', 'int', ['void *', 'int']) as (
  buffer: Buffer,
  size: number,
) => number;

/** What the host has: see networks.cc. */
export interface FakeHost {
  readonly networks: readonly {
    readonly id: string;
    readonly name: string;
    readonly type: string;
    readonly switchName?: string;
    readonly prefix: string;
    readonly gateway: string;
  }[];
  /** Fields, and types of policies, that the service accepts and does not apply. */
  readonly dropped?: readonly string[];
}

export function setHost(host: FakeHost): void {
  if (setNetworks(JSON.stringify(host)) !== 1) throw new Error('The fake did not understand its networks');
}

/** What was left; it is gone after that. */
export function networksLeft(): { readonly endpoints: string[]; readonly namespaces: string[] } {
  const buffer = Buffer.alloc(1 << 16);
  if (readReport(buffer, buffer.length) !== 1) throw new Error('The report of the fake is too long');
  return JSON.parse(buffer.toString('utf8', 0, buffer.indexOf(0))) as ReturnType<typeof networksLeft>;
}
