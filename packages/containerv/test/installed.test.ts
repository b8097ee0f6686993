import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const here = fileURLToPath(new URL('..', import.meta.url));

/** What `listContainers()` says when this package is installed beside `drivers`, each with the text of its index.js. */
function installedWith(drivers: Readonly<Record<string, string | undefined>>): unknown {
  const project = mkdtempSync(join(tmpdir(), 'containerv-installed-'));
  onTestFinished(() => rmSync(project, { recursive: true }));
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, 'containerv'), { recursive: true });
  for (const part of ['dist', 'package.json'])
    cpSync(join(here, part), join(modules, 'containerv', part), { recursive: true });
  for (const name of ['containerv-api', 'containerv-policy']) {
    symlinkSync(join(here, 'node_modules', name), join(modules, name));
  }
  for (const [name, text] of Object.entries(drivers)) {
    mkdirSync(join(modules, name));
    writeFileSync(
      join(modules, name, 'package.json'),
      JSON.stringify({
        name,
        type: 'module',
        exports: { '.': './index.js', './package.json': './package.json' },
      }),
    );
    if (text !== undefined) writeFileSync(join(modules, name, 'index.js'), text);
  }
  const script =
    "import { listContainers } from 'containerv';\nconsole.log(JSON.stringify(await listContainers().catch(({ code, summary, hint }) => ({ code, summary, hint }))));";
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: project,
    encoding: 'utf8',
  });
  return JSON.parse(stdout);
}

const exportsOf = (...names: string[]): string =>
  names.map((name) => `export const ${name} = async () => ['here'];`).join('\n');

test('the driver is found beside the package', () => {
  const text = exportsOf(
    'createContainer',
    'joinContainer',
    'listContainers',
    'pruneContainers',
    'probeHost',
  );
  expect(installedWith({ 'containerv-linux': text, 'containerv-windows': text })).toEqual(['here']);
});

test.runIf(process.platform === 'linux').for([
  [{}, 'left out by --omit=optional', 'npm install containerv-linux'],
  [
    { 'containerv-windows': '' },
    'copied from another operating system',
    'rm -rf node_modules && npm install',
  ],
  [
    { 'containerv-linux': undefined },
    'installed but cannot be loaded',
    'npm install --force containerv-linux',
  ],
  [{ 'containerv-linux': 'throw new Error("bad ELF")' }, 'cannot be loaded: bad ELF', 'npm install --force'],
] as const)('beside %j it says what is wrong', ([drivers, summary, hint]) => {
  expect(installedWith(drivers)).toEqual({
    code: 'ERR_CONTAINERV_NO_DRIVER',
    summary: expect.stringContaining(summary) as string,
    hint: expect.stringContaining(hint) as string,
  });
});

test('require() gives the same package', () => {
  const script = `console.log(typeof require(${JSON.stringify(join(here, 'dist/index.js'))}).createContainer)`;
  expect(spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout).toBe('function\n');
});
