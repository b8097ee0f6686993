// Boots the test machine: QEMU without KVM, and this machine's file system, read-only, through virtiofs.
import { spawn } from 'node:child_process';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheDirectory, placeWhole } from './cache.mjs';
import { output } from './command.mjs';
import { encodeJob, makeInitramfs } from './initramfs.mjs';
import { fetchKernel } from './kernel.mjs';

const QEMU = '/usr/bin/qemu-system-x86_64';
const VIRTIOFSD = '/usr/lib/qemu/virtiofsd';
const MKFS = '/sbin/mkfs.ext4';
const PACKAGES = new Map([
  [QEMU, 'qemu-system-x86'],
  [VIRTIOFSD, 'qemu-system-common'],
  [MKFS, 'e2fsprogs'],
  ['/usr/bin/zstd', 'zstd'],
  ['/usr/bin/xz', 'xz-utils'],
  ['/usr/bin/apt-get', 'apt'],
]);
const MEMORY_MIB = 2048;
const SCRATCH_MIB = 1024;
const BOOT_LIMIT_MS = 60_000;
const BOOT_ATTEMPTS = 3;
/** The first of people's is 1000. */
const VM_USER = 1500;
const PORTS = /** @type {const} */ (['stdout', 'stderr', 'status']);

/** @typedef {{ readonly stdout: string; readonly stderr: string; readonly status: string; readonly log: string; readonly timedOut: boolean }} Boot */
/** @typedef {(port: 'stdout' | 'stderr', chunk: string) => void} OnOutput */

/** What is missing to boot one, with the command that installs it; empty when everything is there. */
export function missingForMachine() {
  if (process.env['CONTAINERV_TEST_VM'] === 'off') return 'CONTAINERV_TEST_VM is off';
  if (process.arch !== 'x64') return 'the test machine is x86-64 only';
  if (process.getuid?.() !== 0) return 'the test machine needs root, to be shown the files of this one';
  const packages = [...PACKAGES].filter(([file]) => !existsSync(file)).map(([, name]) => name);
  return packages.length === 0
    ? ''
    : `needs: apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/**
 * Runs one command in a machine of its own, with this machine's files; nothing that it writes is kept.
 * @param {readonly string[]} argv the first one absolute
 * @param {{ user?: boolean; landlock?: boolean; cwd?: string; timeoutMs?: number; onOutput?: OnOutput }} [options] `user`:
 *   as an ordinary user in a control group that is its own, otherwise as root; `landlock`: false for a kernel without it
 * @returns its exit status, 128 + signal, and what it printed
 */
export async function runInMachine(argv, options = {}) {
  const { user = false, landlock = true, cwd = process.cwd() } = options;
  const { timeoutMs = 300_000, onOutput = () => {} } = options;
  const kernel = fetchKernel();
  const job = { uid: user ? VM_USER : 0, directory: cwd, env: environment(user), argv };
  const modules = `${landlock ? 'landlock,' : ''}lockdown,yama,integrity,apparmor,bpf`;
  const until = Date.now() + timeoutMs;
  for (let attempt = 1; ; attempt++) {
    const result = await boot(kernel, job, modules, until, onOutput);
    // A boot may be lost to the emulator, a command that has started never.
    const started = result.status.includes('started');
    if (started || attempt === BOOT_ATTEMPTS || Date.now() > until) return outcome(result);
  }
}

/** @param {boolean} user */
function environment(user) {
  return {
    PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: user ? '/home/vmuser' : '/root',
    USER: user ? 'vmuser' : 'root',
    LANG: 'C.UTF-8',
    TMPDIR: '/scratch',
    // The root is an overlay, and an overlay cannot be another's upper directory.
    CONTAINERV_DATA_DIR: '/scratch/containerv',
    ...(user ? { XDG_RUNTIME_DIR: `/run/user/${VM_USER}` } : {}),
  };
}

/** @param {Boot} result */
function outcome({ status, stdout, stderr, timedOut, log }) {
  const ended = /ended (\d+)/.exec(status)?.[1];
  if (ended === undefined) {
    const why = timedOut ? 'was not done in time' : 'ended without a word';
    throw new Error(`The test machine ${why}\n${stdout}${stderr}${log}`);
  }
  return { status: Number(ended), stdout, stderr };
}

/**
 * @param {import('./kernel.mjs').Kernel} kernel
 * @param {import('./initramfs.mjs').Job} job
 * @param {string} modules the security modules that are active
 * @param {number} until
 * @param {OnOutput} onOutput
 * @returns {Promise<Boot>}
 */
async function boot(kernel, job, modules, until, onOutput) {
  const work = mkdtempSync(path.join(tmpdir(), 'containerv-vm-'));
  const helpers = new Helpers(work);
  try {
    writeFileSync(
      path.join(work, 'initramfs'),
      Buffer.concat([makeInitramfs(kernel), encodeJob({ ...job, descriptors: mostDescriptors() })]),
    );
    await serveFiles(work, helpers);
    const said = { stdout: '', stderr: '', status: '' };
    for (const port of PORTS) output('mkfifo', [path.join(work, port)]);
    const reading = PORTS.map(async (port) => {
      for await (const chunk of createReadStream(path.join(work, port), 'utf8')) {
        said[port] += chunk;
        if (port !== 'status') onOutput(port, chunk);
      }
    });
    const machine = helpers.start(QEMU, qemuArguments(work, kernel, modules), 'qemu.log');
    const timedOut = await isLate(machine, () => said.status.includes('started'), until);
    await helpers.end(machine);
    // A machine that never opened its ports leaves us waiting for somebody to write.
    for (const port of PORTS) writeFileSync(path.join(work, port), '', { flag: 'r+' });
    await Promise.all(reading);
    const log = ['console', 'qemu.log', 'virtiofsd.log'].map((name) => tail(path.join(work, name))).join('');
    return { ...said, timedOut, log };
  } finally {
    await helpers.endAll();
    rmSync(work, { recursive: true, force: true });
  }
}

/** @typedef {{ readonly child: import('node:child_process').ChildProcess; readonly ended: Promise<true> }} Helper */

/** The programs that make up one machine; none of them is left. */
class Helpers {
  /** @type {Helper[]} */
  #running = [];
  #work;

  /** @param {string} work */
  constructor(work) {
    this.#work = work;
  }

  /**
   * @param {string} command
   * @param {readonly string[]} args
   * @param {string} log
   * @returns {Helper}
   */
  start(command, args, log) {
    const fd = openSync(path.join(this.#work, log), 'a');
    const child = spawn(command, args, { stdio: ['ignore', fd, fd], cwd: this.#work });
    /** @type {Promise<true>} */
    const ended = new Promise((resolve) => {
      child.on('error', () => resolve(true));
      child.on('exit', () => resolve(true));
    });
    const helper = { child, ended };
    this.#running.push(helper);
    return helper;
  }

  /** @param {Helper} helper */
  async end(helper) {
    helper.child.kill('SIGKILL');
    await helper.ended;
  }

  async endAll() {
    await Promise.all(this.#running.map(async (helper) => this.end(helper)));
  }
}

/**
 * Waits for the machine's end.
 * @param {Helper} machine
 * @param {() => boolean} hasStarted
 * @param {number} until
 * @returns true when the time was up first, that of the boot or that of all
 */
async function isLate(machine, hasStarted, until) {
  const bootUntil = Date.now() + BOOT_LIMIT_MS;
  while (Date.now() < until && (hasStarted() || Date.now() < bootUntil)) {
    if (await Promise.race([machine.ended, sleep(200, false)])) return false;
  }
  return true;
}

/**
 * From a read-only bind of `/` in a mount namespace of its own: the guest's root cannot write here.
 * @param {string} work
 * @param {Helpers} helpers
 */
async function serveFiles(work, helpers) {
  const share = path.join(work, 'share');
  const socket = path.join(work, 'files.sock');
  mkdirSync(share);
  const script = [
    'mount --bind / "$1"',
    'mount -o remount,ro,bind "$1"',
    'ulimit -n "$(ulimit -Hn)"',
    'exec "$2" --rlimit-nofile=0 --socket-path="$3" -o source="$1" -o cache=always -o sandbox=chroot -o no_posix_lock -o no_readdirplus -o log_level=err',
  ].join(' && ');
  const server = helpers.start(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', share, VIRTIOFSD, socket],
    'virtiofsd.log',
  );
  for (let attempt = 0; !existsSync(socket); attempt++) {
    if (attempt > 500 || (await Promise.race([server.ended, sleep(10, false)]))) {
      throw new Error(`virtiofsd did not start\n${tail(path.join(work, 'virtiofsd.log'))}`);
    }
  }
}

/**
 * @param {string} work
 * @param {import('./kernel.mjs').Kernel} kernel
 * @param {string} modules
 */
function qemuArguments(work, { vmlinux }, modules) {
  const inWork = (/** @type {string} */ name) => path.join(work, name);
  const ports = PORTS.flatMap((name, index) => [
    '-chardev',
    `file,id=${name},path=${inWork(name)}`,
    '-device',
    `virtserialport,bus=ports.0,nr=${index + 1},chardev=${name},name=${name}`,
  ]);
  const kernelLine =
    'console=ttyS0 quiet loglevel=3 panic=-1 reboot=t rdinit=/init mitigations=off random.trust_cpu=on ' +
    `8250.nr_uarts=1 cgroup_no_v1=all lsm=${modules}`;
  const devices = [
    'vhost-user-fs-pci,chardev=files,tag=root,queue-size=1024',
    'virtio-blk-pci,drive=scratch',
    'virtio-serial-pci,id=ports',
  ];
  const options = {
    display: 'none',
    // thread=multi loses a guest now and then to a race in the patching of its code.
    accel: 'tcg,thread=single,tb-size=512',
    cpu: 'max,-avx,-avx2,-erms,-fsrm,-la57,-vme',
    smp: '2',
    m: String(MEMORY_MIB),
    machine: 'q35,hpet=off,smbus=off,sata=off,vmport=off,memory-backend=memory',
    object: `memory-backend-memfd,id=memory,size=${MEMORY_MIB}M,share=on`,
    kernel: vmlinux,
    initrd: inWork('initramfs'),
    append: kernelLine,
    serial: `file:${inWork('console')}`,
    chardev: `socket,id=files,path=${inWork('files.sock')}`,
    drive: `file=${scratchDisk()},if=none,id=scratch,format=raw,snapshot=on,cache=unsafe`,
  };
  return [
    '-nodefaults',
    '-no-user-config',
    '-no-reboot',
    ...Object.entries(options).flatMap(([name, value]) => [`-${name}`, value]),
    ...devices.flatMap((device) => ['-device', device]),
    ...ports,
  ];
}

/** An empty ext4, of which each machine sees a copy of its own. */
function scratchDisk() {
  const target = path.join(cacheDirectory(), `scratch-${SCRATCH_MIB}.ext4`);
  if (!existsSync(target)) {
    placeWhole(target, (staged) => {
      writeFileSync(staged, '');
      truncateSync(staged, SCRATCH_MIB * 2 ** 20);
      output(MKFS, ['-q', '-F', staged]);
    });
  }
  return target;
}

function mostDescriptors() {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  return Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? 1024);
}

/** @param {string} file */
function tail(file) {
  return existsSync(file) ? readFileSync(file, 'latin1').split('\n').slice(-25).join('\n') : '';
}
