// Boots the test machine: QEMU without KVM, and the host's file system, read-only, through virtiofs.
import { spawn } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheDirectory, placeWhole } from './cache.mjs';
import { output } from './command.mjs';
import { encodeJob, makeInitramfs } from './initramfs.mjs';
import { fetchKernel } from './kernel.mjs';

const VIRTIOFSD = '/usr/lib/qemu/virtiofsd';
const MEMORY_MIB = 2048;
const SCRATCH_MIB = 1024;
const BOOT_LIMIT_MS = 60_000;
const BOOT_ATTEMPTS = 3;
/** systemd's first one for people is 1000; this one is on no machine that we know of. */
export const VM_USER = 1500;

/** What is missing to boot one, and the command that installs it; empty when everything is there. */
export function missingForMachine() {
  if (process.arch !== 'x64') return 'The test machine is x86-64 only.';
  if (process.getuid() !== 0) return 'The test machine needs root, to show it the file system of this one.';
  const needed = { '/usr/bin/qemu-system-x86_64': 'qemu-system-x86', [VIRTIOFSD]: 'qemu-system-common', '/usr/bin/zstd': 'zstd', '/usr/bin/xz': 'xz-utils', '/sbin/mkfs.ext4': 'e2fsprogs', '/usr/bin/apt-get': 'apt' };
  const packages = Object.entries(needed).filter(([file]) => !existsSync(file)).map(([, name]) => name);
  return packages.length === 0 ? '' : `Run: apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/**
 * Runs one command in a machine of its own, with this machine's files and nothing that it writes kept.
 * @returns its exit status, 128 + signal, and what it printed
 */
export async function runInMachine(argv, { user = false, env = {}, cwd = process.cwd(), timeoutMs = 300_000, onOutput = () => {} } = {}) {
  const kernel = fetchKernel();
  const job = { uid: user ? VM_USER : 0, directory: cwd, env: { PATH: process.env.PATH, HOME: user ? '/home/vmuser' : '/root', LANG: 'C.UTF-8', TMPDIR: '/scratch', ...(user ? { USER: 'vmuser', XDG_RUNTIME_DIR: `/run/user/${VM_USER}` } : {}), ...env }, argv };
  const until = Date.now() + timeoutMs;
  for (let attempt = 1; ; attempt++) {
    const result = await boot(kernel, job, until, onOutput);
    if (result.started || attempt === BOOT_ATTEMPTS || Date.now() > until) return finished(result);
  }
}

function finished({ status, timedOut, stdout, stderr, log }) {
  if (timedOut) throw new Error(`The test machine's time is up\n${stdout}${stderr}${log}`);
  if (status === undefined) throw new Error(`The test machine ended without a word\n${stdout}${stderr}${log}`);
  return { status, stdout, stderr };
}

async function boot(kernel, job, until, onOutput) {
  const work = mkdtempSync(path.join(tmpdir(), 'containerv-vm-'));
  const children = [];
  const start = (command, args, log) => {
    const fd = openSync(log, 'a');
    const child = spawn(command, args, { stdio: ['ignore', fd, fd], cwd: work });
    const ended = new Promise((resolve) => {
      child.on('error', resolve);
      child.on('exit', resolve);
    });
    children.push({ child, ended });
    return ended;
  };
  try {
    const limit = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024);
    const archive = Buffer.concat([makeInitramfs(kernel), encodeJob({ ...job, descriptors: limit })]);
    writeFileSync(path.join(work, 'initramfs'), archive);
    const server = await serveFiles(work, start);
    const said = { stdout: '', stderr: '', status: '' };
    const ports = Object.keys(said);
    for (const port of ports) output('mkfifo', [path.join(work, port)]);
    const reading = ports.map(async (port) => {
      for await (const chunk of createReadStream(path.join(work, port), 'utf8')) {
        said[port] += chunk;
        if (port !== 'status') onOutput(port, chunk);
      }
    });
    const machine = start('/usr/bin/qemu-system-x86_64', qemuArguments(work, kernel), path.join(work, 'qemu.log'));
    const timedOut = await waitFor(machine, () => said.status.includes('started'), until);
    const { child, ended } = children.at(-1);
    child.kill('SIGKILL');
    await ended;
    // A machine that never came to open its ports leaves us waiting for somebody to write.
    for (const port of ports) writeFileSync(path.join(work, port), '', { flag: 'r+' });
    await Promise.all(reading);
    const status = /ended (\d+)/.exec(said.status)?.[1];
    const log = ['console', 'qemu.log', 'virtiofsd.log'].map((name) => tail(path.join(work, name))).join('');
    return { ...said, started: said.status.includes('started'), status: status === undefined ? undefined : Number(status), timedOut: timedOut && Date.now() > until, log, server };
  } finally {
    for (const { child, ended } of children) {
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(work, { recursive: true, force: true });
  }
}

/** @returns true when the time was up first: for all of it, or for the boot */
async function waitFor(machine, hasStarted, until) {
  const bootUntil = Date.now() + BOOT_LIMIT_MS;
  const done = machine.then(() => true);
  while (Date.now() < until && (hasStarted() || Date.now() < bootUntil)) {
    if (await Promise.race([done, sleep(200, false)])) return false;
  }
  return true;
}

/** In a mount namespace of its own, from a read-only bind of `/`: the guest's root cannot write here. */
async function serveFiles(work, start) {
  const share = path.join(work, 'share');
  const socket = path.join(work, 'files.sock');
  mkdirSync(share);
  const script = 'mount --bind / "$1" && mount -o remount,ro,bind "$1" && ulimit -n "$(ulimit -Hn)" && exec "$2" --rlimit-nofile=0 --socket-path="$3" -o source="$1" -o cache=always -o sandbox=chroot -o no_posix_lock -o no_readdirplus -o log_level=err';
  const ended = start('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', share, VIRTIOFSD, socket], path.join(work, 'virtiofsd.log'));
  for (let attempt = 0; !existsSync(socket); attempt++) {
    if (attempt > 500 || (await Promise.race([ended.then(() => true), sleep(10, false)]))) {
      throw new Error(`virtiofsd did not start\n${tail(path.join(work, 'virtiofsd.log'))}`);
    }
  }
}

function qemuArguments(work, { vmlinux }) {
  const port = (id, number) => ['-chardev', `file,id=${id},path=${path.join(work, id)}`, '-device', `virtserialport,bus=ports.0,nr=${number},chardev=${id},name=${id}`];
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    // thread=multi lost a guest now and then to a text-patching race; without KVM both are slow.
    ...['-accel', 'tcg,thread=single,tb-size=512', '-cpu', 'max,-avx,-avx2,-erms,-fsrm,-la57,-vme', '-smp', '2', '-m', String(MEMORY_MIB)],
    ...['-machine', 'q35,hpet=off,smbus=off,sata=off,vmport=off,memory-backend=memory'],
    ...['-object', `memory-backend-memfd,id=memory,size=${MEMORY_MIB}M,share=on`],
    ...['-kernel', vmlinux, '-initrd', path.join(work, 'initramfs')],
    ...['-append', 'console=ttyS0 quiet loglevel=3 panic=-1 reboot=t rdinit=/init mitigations=off random.trust_cpu=on 8250.nr_uarts=1 cgroup_no_v1=all lsm=landlock,lockdown,yama,integrity,apparmor,bpf'],
    ...['-chardev', `file,id=console,path=${path.join(work, 'console')}`, '-serial', 'chardev:console'],
    ...['-chardev', `socket,id=files,path=${path.join(work, 'files.sock')}`, '-device', 'vhost-user-fs-pci,chardev=files,tag=root,queue-size=1024'],
    ...['-drive', `file=${scratchDisk()},if=none,id=scratch,format=raw,snapshot=on,cache=unsafe`, '-device', 'virtio-blk-pci,drive=scratch'],
    ...['-device', 'virtio-serial-pci,id=ports', ...port('stdout', 1), ...port('stderr', 2), ...port('status', 3)],
  ];
}

/** An empty ext4, of which each machine sees a copy of its own. */
function scratchDisk() {
  const target = path.join(cacheDirectory(), `scratch-${SCRATCH_MIB}.ext4`);
  if (!existsSync(target)) {
    placeWhole(target, (staged) => {
      writeFileSync(staged, '');
      truncateSync(staged, SCRATCH_MIB * 2 ** 20);
      output('/sbin/mkfs.ext4', ['-q', '-F', staged]);
    });
  }
  return target;
}

function tail(file) {
  return existsSync(file) ? readFileSync(file, 'latin1').split('\n').slice(-25).join('\n') : '';
}
