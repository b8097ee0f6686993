import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContainerDriver, ContainervError } from 'containerv-api';
import { expect, test } from 'vitest';
import { type DriverSurroundings, loadDriver } from '../src/load-driver.js';

const refuse = (): Promise<never> => Promise.reject(new Error('not in this test'));
const driver: ContainerDriver = {
  createContainer: refuse,
  joinContainer: refuse,
  listContainers: refuse,
  pruneContainers: refuse,
  probeHost: refuse,
};
const notFound = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });

interface Machine extends Partial<DriverSurroundings> {
  readonly modules?: Readonly<Record<string, unknown>>;
  readonly installed?: readonly string[];
}

/** A machine on which `modules` can be imported; one that is an Error fails so. */
function machine({
  modules = {},
  installed = [],
  ...rest
}: Machine): DriverSurroundings & { asked: string[] } {
  const asked: string[] = [];
  return {
    platform: 'linux',
    cwd: '/home/me',
    override: undefined,
    asked,
    load: (specifier) => {
      asked.push(specifier);
      const found = modules[specifier] ?? notFound;
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
    },
    isInstalled: (name) => installed.includes(name),
    ...rest,
  };
}

async function failure(surroundings: DriverSurroundings): Promise<ContainervError> {
  const error: unknown = await loadDriver(surroundings).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ContainervError);
  expect(error).toHaveProperty('code', 'ERR_CONTAINERV_NO_DRIVER');
  return error as ContainervError;
}

test.for([
  ['linux', 'containerv-linux'],
  ['win32', 'containerv-windows'],
] as const)('on %s it is %s', async ([platform, name]) => {
  expect(await loadDriver(machine({ platform, modules: { [name]: driver } }))).toBe(driver);
});

test.for(['darwin', 'sunos', 'constructor'])('%s has no driver', async (platform) => {
  const error = await failure(machine({ platform }));
  expect(error.message).toContain(`no driver for ${platform}`);
  expect(error.hint).toContain('linux and win32');
});

test('a driver that was left out is named, with the command that installs it', async () => {
  const error = await failure(machine({}));
  expect(error.message).toContain('containerv-linux is not installed');
  expect(error.message).toContain('--omit=optional');
  expect(error.hint).toBe('npm install containerv-linux');
  expect(error.cause).toBe(notFound);
});

test('node_modules of another operating system is recognised by its driver', async () => {
  const error = await failure(machine({ installed: ['containerv-windows'] }));
  expect(error.message).toContain('copied from another operating system');
  expect(error.hint).toContain('rm -rf node_modules && npm install');
});

test('a driver that is there but does not load says why', async () => {
  const cause = Object.assign(new Error('Cannot find module dist/index.js'), {
    code: 'ERR_MODULE_NOT_FOUND',
  });
  const error = await failure(
    machine({ installed: ['containerv-linux'], modules: { 'containerv-linux': cause } }),
  );
  expect(error.message).toContain('installed but cannot be loaded: Cannot find module dist/index.js');
  expect(error.hint).toContain('npm install --force containerv-linux');
  expect(error.cause).toBe(cause);
});

test('what a driver says about itself is handed on', async () => {
  const own = new ContainervError('ERR_CONTAINERV_NO_DRIVER', 'No binary for riscv64');
  expect(await failure(machine({ modules: { 'containerv-linux': own } }))).toBe(own);
});

test('a module that is no driver names what it lacks', async () => {
  const rest = Object.fromEntries(Object.entries(driver).filter(([name]) => name !== 'probeHost'));
  const error = await failure(machine({ modules: { 'containerv-linux': rest } }));
  expect(error.message).toContain('does not export probeHost');
});

test.for([
  ['other-driver', 'other-driver'],
  ['./drivers/mine.mjs', 'file:///home/me/drivers/mine.mjs'],
  ['../mine.mjs', 'file:///home/mine.mjs'],
  ['/opt/my driver.mjs', 'file:///opt/my%20driver.mjs'],
] as const)('CONTAINERV_DRIVER=%s imports %s, on any platform', async ([override, specifier]) => {
  const surroundings = machine({ platform: 'darwin', override, modules: { [specifier]: driver } });
  expect(await loadDriver(surroundings)).toBe(driver);
  expect(surroundings.asked).toEqual([specifier]);
});

test.for(['other-driver', './mine.mjs'])(
  'an override %s that is not there is not covered up',
  async (override) => {
    const surroundings = machine({ override, modules: { 'containerv-linux': driver } });
    const error = await failure(surroundings);
    expect(error.message).toContain(`${override} does not exist`);
    expect(error.hint).toContain('CONTAINERV_DRIVER');
    expect(surroundings.asked).toHaveLength(1);
  },
);

test('the real import takes a path, and is not tried before it is needed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'containerv-driver-'));
  const file = join(directory, 'driver.mjs');
  process.env['CONTAINERV_DRIVER'] = file;
  try {
    const { listContainers } = await import('../src/index.js');
    // A failure is not remembered.
    await expect(listContainers()).rejects.toMatchObject({ code: 'ERR_CONTAINERV_NO_DRIVER' });
    const names = Object.keys(driver);
    writeFileSync(file, names.map((name) => `export const ${name} = async () => ['${name}'];`).join('\n'));
    expect(await listContainers()).toEqual(['listContainers']);
    // Success is.
    rmSync(file);
    expect(await listContainers()).toEqual(['listContainers']);
  } finally {
    delete process.env['CONTAINERV_DRIVER'];
    rmSync(directory, { recursive: true });
  }
});
