// Runs in the test machine: what differs there from other hosts. Prints one JSON line for each check.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContainer, listContainers, probeHost } from 'containerv';
import { createPolicy, FsAccess } from 'containerv-policy';
import assert from 'node:assert/strict';

const CLI = fileURLToPath(new URL('../../packages/containerv/dist/cli.js', import.meta.url));

/** Arguments: a control group, which becomes the top of all that is seen, a script, and its arguments. */
const ENTER_GROUP =
  'echo $$ > "$1/cgroup.procs"; script=$2; shift 2; exec unshare -Cm sh -ec "$script" sh "$@"';
const SHOW_GROUP = 'umount /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup';

/** @typedef {import('containerv').Container} Container */

/** @param {Container} container */
async function groupOf(container) {
  const initPid = (await listContainers()).find(({ id }) => id === container.id)?.initPid;
  const group = readFileSync(`/proc/${initPid}/cgroup`, 'utf8').trim().replace('0::', '');
  return path.join('/sys/fs/cgroup', group);
}

/**
 * @param {import('containerv').ContainerOptions} options
 * @param {(container: Container) => Promise<void>} work
 */
async function withContainer(options, work) {
  const container = await createContainer(options);
  try {
    await work(container);
  } finally {
    await container.destroy();
  }
}

/**
 * @param {Container} container
 * @param {string} script
 */
const shell = async (container, script) => container.run('sh', ['-c', script], { reject: false });

/** @type {Readonly<Record<string, () => Promise<void>>>} */
export const CHECKS = {
  'the host can run containers': async () => {
    const { usable, checks } = await probeHost();
    assert.ok(usable, JSON.stringify(checks));
  },
  'limits are held by cgroup v2, all of the defaults': async () =>
    withContainer({}, async (container) => {
      assert.equal(container.enforced.cgroup, 'v2');
      assert.deepEqual(container.enforced.limits, {
        ...container.enforced.limits,
        memory: true,
        cpuWeight: true,
        pids: true,
      });
      const group = await groupOf(container);
      assert.equal(readFileSync(path.join(group, 'memory.max'), 'utf8'), `${2 ** 30}\n`);
      assert.equal(readFileSync(path.join(group, 'pids.max'), 'utf8'), '256\n');
      assert.equal(readFileSync(path.join(group, 'cpu.weight'), 'utf8'), '100\n');
    }),
  'limits that are asked for are what the kernel holds': async () =>
    withContainer({ limits: { memory: '64M', cpus: 0.5, pids: 20, cpuset: '0' } }, async (container) => {
      const group = await groupOf(container);
      const held = ['memory.max', 'cpu.max', 'pids.max', 'cpuset.cpus'].map((file) =>
        readFileSync(path.join(group, file), 'utf8').trim(),
      );
      assert.deepEqual(held, [`${64 * 2 ** 20}`, '50000 100000', '20', '0']);
    }),
  'processors that the group above does not have are refused, also later': async () => {
    if (process.getuid?.() !== 0) return;
    const above = '/sys/fs/cgroup/containerv/cpuset.cpus';
    await withContainer({ limits: { cpuset: '0-1' } }, async (container) => {
      const text = readFileSync(above, 'utf8');
      writeFileSync(above, '0');
      try {
        const refused = { code: 'ERR_CONTAINERV_UNSUPPORTED', hint: /cpuset.cpus = 1, and holds 0 instead/ };
        await assert.rejects(createContainer({ limits: { cpuset: '1' } }), refused);
        await assert.rejects(container.update({ cpuset: '1' }), refused);
        await withContainer({ limits: { cpuset: '0' } }, async (other) =>
          assert.equal(other.enforced.limits.cpuset, true),
        );
      } finally {
        writeFileSync(above, text.trim() === '' ? '0-1' : text);
      }
    });
  },
  'huge pages, and shares of block devices': async () => {
    if (process.getuid?.() !== 0) return;
    const limits = {
      hugetlb: { '2M': '64M' },
      io: { devices: [{ device: '/dev/vda', readOpsPerSecond: 99 }] },
    };
    await withContainer({ limits }, async (container) => {
      const group = await groupOf(container);
      assert.equal(readFileSync(path.join(group, 'hugetlb.2MB.max'), 'utf8'), `${64 * 2 ** 20}\n`);
      assert.match(readFileSync(path.join(group, 'io.max'), 'utf8'), / riops=99 /);
      const { hugetlb, io } = container.enforced.limits;
      assert.deepEqual({ hugetlb, io }, { hugetlb: true, io: true });
    });
  },
  'below a group with processes of its own there are containers without limits, and doctor says why':
    async () => {
      if (process.getuid?.() !== 0) return;
      const group = '/sys/fs/cgroup/occupied';
      mkdirSync(group);
      const inNamespace = (/** @type {string} */ script) =>
        execFileSync(
          'sh',
          ['-ec', ENTER_GROUP, 'sh', group, `${SHOW_GROUP}; ${script}`, process.execPath, CLI],
          // What is warned of there is no part of this.
          { encoding: 'utf8', stdio: 'pipe' },
        );
      assert.equal(inNamespace('"$1" "$2" run -- echo ran'), 'ran\n');
      assert.equal(readFileSync(path.join(group, 'cgroup.type'), 'utf8'), 'domain\n');
      const fix = JSON.parse(inNamespace('"$1" "$2" doctor --json')).checks.find(
        (/** @type {{ name: string }} */ { name }) => name === 'control groups',
      ).fix;
      assert.match(fix, /^mkdir -p \/sys\/fs\/cgroup\/main && /);
      assert.equal(inNamespace(`${fix}; "$1" "$2" run --memory 64M -- echo limited`), 'limited\n');
    },
  'a process that takes more memory than it has is killed for it, and that is told': async () =>
    withContainer({ limits: { memory: '48M', swap: 0 } }, async (container) => {
      let told = 0;
      container.on('oom', () => told++);
      const hog = await container.spawn(
        process.execPath,
        ['-e', 'const held = []; for (;;) held.push(Buffer.alloc(2 ** 20, 1))'],
        { stdio: 'ignore' },
      );
      const { cause } = await hog.wait();
      assert.equal(cause, 'oom');
      assert.equal(told, 1);
    }),
  'processes are as many as they may be': async () =>
    withContainer({ limits: { pids: 10 } }, async (container) => {
      const { exitCode, stderr } = await shell(
        container,
        'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 9 & done',
      );
      assert.notEqual(exitCode, 0);
      assert.match(stderr, /fork/i);
    }),
  'stop and start keep files, destroy leaves no control group': async () => {
    const container = await createContainer();
    const group = await groupOf(container);
    await container.run('touch', ['/kept']);
    await container.stop({ timeout: 0 });
    await container.start();
    await container.run('ls', ['/kept']);
    assert.equal(await groupOf(container), group);
    await container.destroy();
    assert.equal(existsSync(group), false);
  },
  'file rules are enforced': async () =>
    withContainer(
      { policy: createPolicy('minimal').addPaths(['/usr'], FsAccess.Read) },
      async (container) => {
        assert.notEqual(container.enforced.landlock, false);
        const denied = await container.run('touch', ['/usr/file'], { reject: false });
        assert.match(denied.stderr, /Permission denied/);
        assert.equal((await shell(container, 'echo text > /tmp/file')).exitCode, 0);
      },
    ),
  'BPF programs judge files besides Landlock, for root': async () => {
    const policy = createPolicy('build').addPaths(['/srv'], FsAccess.Read);
    if (process.getuid?.() !== 0) {
      await assert.rejects(createContainer({ policy, bpfLsm: true }), {
        code: 'ERR_CONTAINERV_UNSUPPORTED',
        hint: /Run as root/,
      });
      return;
    }
    await withContainer({ policy, bpfLsm: true }, async (container) => {
      assert.equal(container.enforced.bpfLsm, true);
      assert.notEqual(container.enforced.landlock, false);
      const before = await container.stats();
      assert.notEqual((await shell(container, 'echo text > /etc/file')).exitCode, 0);
      assert.equal((await shell(container, 'echo text > /tmp/file && cat /tmp/file')).stdout, 'text\n');
      const after = await container.stats();
      assert.ok(Number(after.fileAccessesAllowed) > Number(before.fileAccessesAllowed));
      // Landlock is asked first, and what it denies nobody else is asked about.
      assert.equal(after.fileAccessesDenied, 0);
    });
  },
  'devices are filtered by a BPF program, for root': async () => {
    const device = /** @type {const} */ ({ path: '/dev/x', type: 'c', major: 60, minor: 7, access: 'r' });
    if (process.getuid?.() !== 0) {
      await withContainer({}, async (container) => assert.equal(container.enforced.deviceFilter, false));
      await assert.rejects(createContainer({ devices: [device] }), { code: 'ERR_CONTAINERV_UNSUPPORTED' });
      return;
    }
    await withContainer({ devices: [device] }, async (container) => {
      assert.equal(container.enforced.deviceFilter, 'v2');
      // Nobody drives it: that is told only to who may open it.
      assert.match((await shell(container, 'cat /dev/x')).stderr, /No such device or address/);
      assert.match((await shell(container, 'echo text > /dev/x')).stderr, /Operation not permitted/);
      assert.equal((await shell(container, 'head -c 4 /dev/zero > /dev/null')).exitCode, 0);
    });
  },
  'the container sees one process tree, one loopback and no capability of the host': async () =>
    withContainer({}, async (container) => {
      const { stdout } = await shell(container, 'ls -d /proc/[0-9]* | wc -l; ls /sys/class/net; id -u');
      const [processes, ...rest] = stdout.trim().split('\n');
      assert.ok(Number(processes) < 6);
      assert.deepEqual(rest, ['lo', '0']);
    }),
  'another program joins it with its confinement': async () =>
    withContainer({}, async (container) => {
      const status = (/** @type {string} */ command) =>
        /Seccomp:\s+\d/.exec(command)?.[0].replace(/\s+/, ' ');
      const joined = execFileSync(process.execPath, [CLI, 'exec', container.id, 'cat', '/proc/self/status'], {
        encoding: 'utf8',
      });
      assert.equal(status(joined), 'Seccomp: 2');
    }),
  'twenty containers at once': async () => {
    const containers = await Promise.all(Array.from({ length: 20 }, async () => createContainer()));
    const outputs = await Promise.all(
      containers.map(async (container) => (await container.run('hostname')).stdout.trim()),
    );
    assert.deepEqual(
      outputs,
      containers.map(({ id }) => id),
    );
    await Promise.all(containers.map(async (container) => container.destroy()));
    assert.deepEqual(await listContainers(), []);
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, check] of Object.entries(CHECKS)) {
    const failure = await check().then(
      () => null,
      (error) => `${error.stack}${error.hint === undefined ? '' : `\n${error.hint}`}`,
    );
    console.log(JSON.stringify({ name, failure }));
  }
}
