import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { scratchPath } from '../support/scratch.js';
import { repository, tarEntries, tarFile } from './packages.js';
import { Project } from './project.js';

const { glibcVersionRuntime } = (
  process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }
).header;
const PLATFORM = `containerv-linux-${process.arch}-${glibcVersionRuntime === undefined ? 'musl' : 'gnu'}`;
const SCRIPT = `
  import { createContainer } from 'containerv-linux';
  try {
    const container = await createContainer({ hostname: 'released' });
    const { stdout } = await container.run('uname', ['-n']);
    await container.destroy();
    console.log(JSON.stringify({ stdout }));
  } catch ({ code, message }) {
    console.log(JSON.stringify({ code, message }));
  }`;

describe('packages as they are published', () => {
  const directory = scratchPath('release');
  let tarball: (name: string) => string;
  beforeAll(() => {
    execFileSync(process.execPath, [path.join(repository, 'scripts/pack-release.mjs'), directory], {
      stdio: 'pipe',
    });
    tarball = (name) => {
      const found = readdirSync(directory).find((file) => file.replace(/-\d+\.\d+\.\d+.*$/, '') === name);
      if (found === undefined) throw new Error(`${name} was not packed`);
      return path.join(directory, found);
    };
  });
  const base = (): string[] => ['containerv-api', 'containerv-policy', 'containerv-linux'].map(tarball);

  test('the driver holds nothing native, and names a package for each kind of machine, exactly', () => {
    expect(
      tarEntries(tarball('containerv-linux')).filter(({ path: file }) => file.includes('native')),
    ).toEqual([]);
    const { version, optionalDependencies } = JSON.parse(
      tarFile(tarball('containerv-linux'), 'package.json').toString(),
    ) as { version: string; optionalDependencies: Record<string, string> };
    expect(optionalDependencies[PLATFORM]).toBe(version);
  });

  test('what is native for this machine has a package that fits no other', () => {
    const files = tarEntries(tarball(PLATFORM));
    expect(
      files.map(({ mode, path: file }) => `${mode} ${file}`).toSorted((a, b) => a.localeCompare(b)),
    ).toEqual([
      '-rw-r--r-- LICENSE',
      '-rw-r--r-- package.json',
      '-rwxr-xr-x native/containerv-init',
      '-rwxr-xr-x native/containerv.node',
      '-rwxr-xr-x native/serve-exec',
    ]);
    expect(JSON.parse(tarFile(tarball(PLATFORM), 'package.json').toString())).toMatchObject({
      os: ['linux'],
      cpu: [process.arch],
      libc: [glibcVersionRuntime === undefined ? 'musl' : 'glibc'],
    });
  });

  test('together they run a container', () => {
    const project = new Project('released');
    project.install([...base(), tarball(PLATFORM)]);
    expect(project.json('run.mjs', SCRIPT)).toEqual({ stdout: 'released\n' });
  });

  test('without the one for this machine, the error names it, and installing it mends that', () => {
    const project = new Project('incomplete');
    project.install(base());
    expect(project.json('run.mjs', SCRIPT)).toEqual({
      code: 'ERR_CONTAINERV_NO_DRIVER',
      message: expect.stringContaining(`hint: npm install ${PLATFORM}. `) as string,
    });
    project.install([tarball(PLATFORM)]);
    expect(project.json('mended.mjs', SCRIPT)).toEqual({ stdout: 'released\n' });
  });
});
