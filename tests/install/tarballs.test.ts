import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { scratchPath } from '../support/scratch.js';
import { type PackageName, packAll, PACKAGES, repository, tarEntries, tarFile } from './packages.js';

let tarballs: Readonly<Record<PackageName, string>>;
beforeAll(() => {
  tarballs = packAll(scratchPath('tarballs'));
});

const COMMON = /^(package\.json|LICENSE|README\.md)$/;
const CODE = /^dist\/(index\.js|index\.d\.ts)$/;
const OWN: Readonly<Record<PackageName, RegExp>> = {
  'containerv-api': CODE,
  'containerv-policy': CODE,
  'containerv-linux':
    /^dist\/(index\.js|index\.d\.ts|native\/(x64|arm64)-(gnu|musl)\/(containerv\.node|containerv-init|serve-exec))$/,
  containerv: /^dist\/(index\.js|index\.d\.ts|cli\.js|cli\.d\.ts|chunk-\w+\.js)$/,
  'serve-exec': /^dist\/(behind\.js|behind\.d\.ts|index\.js|index\.d\.ts|cli\.js|cli\.d\.ts|chunk-\w+\.js)$/,
};

describe.for(PACKAGES)('%s', (name) => {
  test('holds what it is to hold, and nothing else', () => {
    const unexpected = tarEntries(tarballs[name]).filter(
      ({ path: file }) => !COMMON.test(file) && !OWN[name].test(file),
    );
    expect(unexpected).toEqual([]);
    const files = tarEntries(tarballs[name]).map(({ path: file }) => file);
    expect(files).toEqual(
      expect.arrayContaining(['package.json', 'LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts']),
    );
  });

  test('has plain files, of which only programs may be executed', () => {
    const program = /^dist\/(cli\.js|native\/.*)$/;
    for (const { mode, path: file } of tarEntries(tarballs[name])) {
      expect([file, mode]).toEqual([file, program.test(file) ? '-rwxr-xr-x' : '-rw-r--r--']);
    }
  });

  test('comes with the licence', () => {
    const license = readFileSync(path.join(repository, 'LICENSE'));
    expect(tarFile(tarballs[name], 'LICENSE').equals(license)).toBe(true);
    expect(manifestOf(name)).toMatchObject({ license: 'GPL-3.0-or-later' });
  });

  test('depends on versions, not on a workspace', () => {
    expect(JSON.stringify(manifestOf(name))).not.toMatch(/workspace:|catalog:|link:|file:/);
  });

  test('runs nothing when it is installed', () => {
    const { scripts = {} } = manifestOf(name) as { scripts?: Record<string, string> };
    const hooks = /^(pre|post)?(install|prepare)$/;
    expect(Object.keys(scripts).filter((script) => hooks.test(script))).toEqual([]);
  });

  test('says nothing of the machine it was built on', () => {
    for (const { path: file } of tarEntries(tarballs[name])) {
      expect([file, tarFile(tarballs[name], file).includes(path.resolve(repository))]).toEqual([file, false]);
    }
  });
});

test('the driver is for Linux only, and the packages around it for every system', () => {
  expect(manifestOf('containerv-linux')).toMatchObject({ os: ['linux'] });
  for (const name of PACKAGES.filter((each) => each !== 'containerv-linux')) {
    expect(manifestOf(name)).not.toHaveProperty('os');
  }
});

test('the driver is optional, what it stands on is not', () => {
  expect(manifestOf('containerv')).toMatchObject({
    dependencies: {
      'containerv-api': expect.anything() as string,
      'containerv-policy': expect.anything() as string,
    },
    optionalDependencies: {
      'containerv-linux': expect.anything() as string,
      'containerv-windows': expect.anything() as string,
    },
  });
  expect(manifestOf('containerv')).not.toHaveProperty(['dependencies', 'containerv-linux']);
});

test('init is one static program', () => {
  const entry = tarEntries(tarballs['containerv-linux']).find(({ path: file }) =>
    file.endsWith('/containerv-init'),
  );
  const init = tarFile(tarballs['containerv-linux'], entry?.path ?? '');
  expect(init.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
  expect(init.length).toBeLessThan(2 * 1024 ** 2);
  expect(programHeaderTypes(init)).not.toContain(PT_INTERP);
});

const PT_INTERP = 3;

/** elf(5), 64 bits. */
function programHeaderTypes(elf: Buffer): number[] {
  const start = Number(elf.readBigUInt64LE(32));
  const size = elf.readUInt16LE(54);
  return Array.from({ length: elf.readUInt16LE(56) }, (_, index) => elf.readUInt32LE(start + index * size));
}

function manifestOf(name: PackageName): unknown {
  return JSON.parse(tarFile(tarballs[name], 'package.json').toString());
}
