import { existsSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { scratchPath } from '../support/scratch.js';
import { type PackageName, packAll, PACKAGES, repository } from './packages.js';
import { Project } from './project.js';

let tarballs: Readonly<Record<PackageName, string>>;
beforeAll(() => {
  tarballs = packAll(scratchPath('tarballs'));
});

const BODY = `{
  const container = await createContainer({ hostname: 'installed' });
  const { stdout, exitCode } = await container.run('uname', ['-n']);
  const { enforced } = container;
  await container.destroy();
  console.log(JSON.stringify({ stdout, exitCode, seccomp: enforced.seccomp, state: container.state }));
}`;
const RAN = { stdout: 'installed\n', exitCode: 0, seccomp: true, state: 'destroyed' };
const ESM = (name: string): string => `import { createContainer } from '${name}';\n${BODY}`;
const COMMON_JS = (name: string): string =>
  `const { createContainer } = require('${name}');\n(async () => ${BODY})();`;

describe('all packages in an empty project', () => {
  let project: Project;
  beforeAll(() => {
    project = new Project('everything');
    project.install(PACKAGES.map((name) => tarballs[name]));
  });

  test('are outside of the repository, and nothing else was installed', () => {
    expect(path.relative(repository, project.directory)).toMatch(/^\.\.\//);
    const { stdout } = project.run('npm', ['ls', '--all', '--parseable']);
    const names = stdout
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => path.basename(line));
    expect(names.sort((a, b) => a.localeCompare(b))).toEqual(
      [...PACKAGES].sort((a, b) => a.localeCompare(b)),
    );
  });

  test('run a container from an ES module', () => {
    expect(project.json('run.mjs', ESM('containerv'))).toEqual(RAN);
  });

  test('and by require() from a CommonJS one', () => {
    expect(project.json('run.cjs', COMMON_JS('containerv'))).toEqual(RAN);
  });

  test('and by the command line, with the exit status of the command', () => {
    const run = project.run('npx', [
      '--no-install',
      'containerv',
      'run',
      '--',
      'sh',
      '-c',
      'echo out; echo err >&2; exit 7',
    ]);
    expect([run.stdout, run.stderr, run.status]).toEqual(['out\n', 'err\n', 7]);
  });

  test('import without touching the machine', () => {
    const script = `
      import { readdirSync } from 'node:fs';
      const before = readdirSync('/proc/self/fd').length;
      for (const name of ${JSON.stringify(PACKAGES)}) await import(name);
      const shared = process.report.getReport().sharedObjects.filter((file) => file.endsWith('containerv.node'));
      console.log(JSON.stringify({ opened: readdirSync('/proc/self/fd').length - before, shared }));`;
    expect(project.json('import.mjs', script)).toEqual({ opened: 0, shared: [] });
  });
});

describe('the driver alone', () => {
  test.for([
    ['an ES module', 'run.mjs', ESM],
    ['a CommonJS one', 'run.cjs', COMMON_JS],
  ] as const)('runs a container from %s', ([, file, script]) => {
    const project = new Project('driver');
    project.install([
      tarballs['containerv-api'],
      tarballs['containerv-policy'],
      tarballs['containerv-linux'],
    ]);
    expect(existsSync(path.join(project.directory, 'node_modules/containerv'))).toBe(false);
    expect(project.json(file, script('containerv-linux'))).toEqual(RAN);
  });
});

describe('with --omit=optional', () => {
  let project: Project;
  beforeAll(() => {
    const file = (name: PackageName): [string, string] => [name, `file:${tarballs[name]}`];
    project = new Project('omitted', {
      dependencies: Object.fromEntries(
        (['containerv-api', 'containerv-policy', 'containerv'] as const).map(file),
      ),
      optionalDependencies: Object.fromEntries((['containerv-linux'] as const).map(file)),
    });
    project.install([], ['--omit=optional']);
  });

  const MESSAGE =
    'load driver: containerv-linux is not installed; it is an optional dependency, left out by --omit=optional or --no-optional\n' +
    '  hint: npm install containerv-linux';

  test('the driver is not there', () => {
    expect(existsSync(path.join(project.directory, 'node_modules/containerv'))).toBe(true);
    expect(existsSync(path.join(project.directory, 'node_modules/containerv-linux'))).toBe(false);
  });

  test('the error has a code, names the package, and the command that mends it', () => {
    const script = `
      import { createContainer } from 'containerv';
      const { name, code, message } = await createContainer().catch((error) => error);
      console.log(JSON.stringify({ name, code, message }));`;
    expect(project.json('run.mjs', script)).toEqual({
      name: 'ContainervError',
      code: 'ERR_CONTAINERV_NO_DRIVER',
      message: MESSAGE,
    });
  });

  test('the command line says the same, with its own exit status', () => {
    const run = project.run('npx', ['--no-install', 'containerv', 'run', 'true']);
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain('containerv-linux is not installed');
    expect(run.stderr).toContain('npm install containerv-linux');
    expect(run.status).toBe(125);
  });

  test('what needs no driver works', () => {
    const script = `
      import { createPolicy, parseByteSize } from 'containerv';
      console.log(JSON.stringify([createPolicy('minimal').name, parseByteSize('1K')]));`;
    expect(project.json('policy.mjs', script)).toEqual(['minimal', 1024]);
  });

  test('and the command mends it', () => {
    project.install([tarballs['containerv-linux']]);
    expect(project.json('mended.mjs', ESM('containerv'))).toEqual(RAN);
  });
});
