import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostReport } from 'containerv';
import type { Enforced } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { small } from '../support/container.js';
import { describeAsRoot } from '../support/privilege.js';
import { type ProgramOptions, runProgram, startProgram } from '../support/program.js';
import { keptIds } from '../support/remains.js';
import { sharedRoot } from '../support/root.js';
import { scratchPath } from '../support/scratch.js';
import { idFor, program } from '../support/suite.js';

const cli = path.join(path.dirname(fileURLToPath(import.meta.resolve('containerv'))), 'cli.js');

interface Attempted {
  readonly state?: string;
  readonly code?: string;
  readonly step?: string;
  readonly syscall?: string;
  readonly errno?: string;
  readonly message?: string;
  readonly hint?: string;
  readonly enforced?: Pick<Enforced, 'userNamespace' | 'seccomp' | 'cgroup' | 'limits' | 'deviceFilter'>;
}

/** Creates a container in a program of another user, or one that may do less. */
async function create(options: object, how: { uid?: number; under?: readonly string[] }): Promise<Attempted> {
  const home = scratchPath('home');
  mkdirSync(home);
  chmodSync(home, 0o777);
  const env = { CONTAINERV_STATE_DIR: `${home}/state`, CONTAINERV_DATA_DIR: `${home}/data`, HOME: home };
  const { code, stdout, stderr } = await runProgram(
    'try-create',
    [JSON.stringify({ rootfs: sharedRoot(), ...options })],
    { env, ...how },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Attempted;
}

describe('who may not make namespaces', () => {
  const under = [program('without-namespaces'), '1000', '1000', '--'] as const;

  test('is told which permission is missing, and where to look', async () => {
    expect(await create({}, { under })).toMatchObject({
      code: 'ERR_CONTAINERV_PERMISSION',
      step: 'start init',
      syscall: expect.stringMatching(/clone/) as string,
      errno: 'ENOSPC',
      message: expect.stringMatching(/may not make namespaces/) as string,
      hint: expect.stringMatching(/unprivileged user namespaces.*containerv doctor/s) as string,
    });
    expect(keptIds()).toEqual([]);
  });

  test('and by doctor, with exit status 1 and the setting', () => {
    const home = scratchPath('doctor');
    mkdirSync(home);
    const env = {
      ...process.env,
      CONTAINERV_STATE_DIR: `${home}/state`,
      CONTAINERV_DATA_DIR: `${home}/data`,
    };
    const [command, ...args] = under;
    const doctor = [...args, process.execPath, cli, 'doctor', '--json'];
    const { status, stdout, stderr } = spawnSync(command, doctor, { env, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    const { usable, checks } = JSON.parse(stdout) as HostReport;
    expect(usable).toBe(false);
    expect(checks).toContainEqual({
      name: 'user namespaces',
      status: 'missing',
      detail: 'user.max_user_namespaces is 0',
      fix: 'sudo sysctl -w user.max_user_namespaces=15000',
    });
    expect(checks.at(-1)).toMatchObject({ name: 'a container without options', status: 'missing' });
  });

  test('and cannot do without a user namespace either', async () => {
    expect(await create({ namespaces: { user: false } }, { under })).toMatchObject({
      code: 'ERR_CONTAINERV_PERMISSION',
      message: expect.stringMatching(/needs a user namespace/) as string,
      hint: expect.stringMatching(/namespaces\.user/) as string,
    });
  });
});

describeAsRoot('an ordinary user', () => {
  const uid = 65_534;

  test('makes containers where the kernel lets them', async () => {
    const made = await create({}, { uid });
    expect(made).toMatchObject({ state: 'running', enforced: { userNamespace: true, seccomp: true } });
  });

  test('cannot map ids of others', async () => {
    expect(await create({ users: [{ host: 0, container: 0, size: 10 }] }, { uid })).toMatchObject({
      code: expect.stringMatching(/UNSUPPORTED|PERMISSION/) as string,
      message: expect.stringMatching(/users/) as string,
      hint: expect.stringMatching(/run as root/) as string,
    });
  });

  test('cannot use a state directory of somebody else', async () => {
    const foreign = scratchPath('foreign');
    mkdirSync(foreign, { mode: 0o755 });
    const { code, stdout } = await runProgram('try-create', [JSON.stringify({ rootfs: sharedRoot() })], {
      uid,
      env: { CONTAINERV_STATE_DIR: foreign },
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ code: 'ERR_CONTAINERV_PERMISSION', path: foreign });
  });
});

describeAsRoot('a container of another user', () => {
  const uid = 65_534;
  const joining = async (id: string, options: ProgramOptions): Promise<string> => {
    const { code, stdout, stderr } = await runProgram('join', [id], options);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    return stderr;
  };

  test('of root is not joined by an ordinary user', async () => {
    await using container = await small();
    expect(await joining(container.id, { uid })).toMatch(/ERR_CONTAINERV_PERMISSION/);
  });

  test('of an ordinary user is joined by root as that user only, and root is told how', async () => {
    const home = scratchPath('theirs');
    mkdirSync(home);
    chmodSync(home, 0o777);
    const env = { CONTAINERV_STATE_DIR: `${home}/state`, CONTAINERV_DATA_DIR: `${home}/data`, HOME: home };
    const id = idFor('theirs');
    const holder = startProgram('hold', [JSON.stringify({ id })], {
      env: { ...env, ROOTFS: sharedRoot() },
      uid,
    });
    await holder.said('all');
    const stderr = await joining(id, { env });
    expect(stderr).toMatch(/ERR_CONTAINERV_PERMISSION/);
    expect(stderr).toContain(`setpriv --reuid ${uid} `);
    const { code, stdout } = await runProgram('join', [id], { env, uid });
    expect({ code, joined: (JSON.parse(stdout) as { id: string }).id }).toEqual({ code: 0, joined: id });
    holder.child.kill('SIGKILL');
    await holder.ended;
  });
});

describeAsRoot('where control groups are shown, and not to be changed', () => {
  const readonly =
    'for at in $(sed -nE "s/^cgroup2? ([^ ]+) .*/\\1/p" /proc/mounts); do mount -o remount,bind,ro "$at"; done; exec "$@"';
  const under = ['unshare', '--mount', 'sh', '-ec', readonly, 'sh'];

  test('containers are made and removed, without limits', async () => {
    // With the groups above theirs in place, as on a host that has containers of its own.
    await using _other = await small();
    expect(await create({}, { under })).toMatchObject({
      state: 'running',
      enforced: {
        cgroup: false,
        limits: { memory: false, cpuWeight: false, pids: false },
        deviceFilter: false,
      },
    });
    expect(await create({ limits: { memory: '64M' } }, { under })).toMatchObject({
      code: 'ERR_CONTAINERV_UNSUPPORTED',
      errno: 'EROFS',
    });
  });
});
