// Runs in a test machine without Landlock: what BPF programs deny, nothing else would. Prints one JSON line for each check.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContainer, joinContainer } from 'containerv';
import { createPolicy, FsAccess, Policy } from 'containerv-policy';

const { Read, Write, Execute } = FsAccess;
const SELF = fileURLToPath(import.meta.url);
/** What each place below /srv lets processes do. */
const PLACES = { none: 0, read: Read, write: Write, run: Read | Execute, all: Read | Write | Execute };

/** @typedef {import('containerv').Container} Container */
/** @typedef {import('containerv').ContainerOptions} ContainerOptions */

function makeTree() {
  const tree = mkdtempSync(path.join(tmpdir(), 'tree-'));
  chmodSync(tree, 0o777);
  for (const place of Object.keys(PLACES)) {
    for (const directory of [place, `${place}/deep/er`])
      mkdirSync(path.join(tree, directory), { recursive: true });
    for (const name of ['file', 'other', 'deep/er/file'])
      writeFileSync(path.join(tree, place, name), 'content\n');
    copyFileSync('/bin/true', path.join(tree, place, 'program'));
  }
  return tree;
}

function rules() {
  return Object.entries(PLACES).reduce(
    (policy, [place, access]) => (access === 0 ? policy : policy.addPaths([`/srv/${place}`], access)),
    createPolicy('build'),
  );
}

/** @param {ContainerOptions} [options] */
const confined = async (options = {}) =>
  createContainer({
    policy: rules(),
    mounts: [{ source: makeTree(), target: '/srv', create: true }],
    bpfLsm: true,
    ...options,
  });

/**
 * @param {Container} container
 * @param {string} script
 * @param {import('containerv').SpawnOptions} [options]
 * @returns {Promise<string>} what it printed, or why it failed
 */
async function told(container, script, options = {}) {
  const { exitCode, stdout, stderr } = await container.run('sh', ['-c', script], {
    reject: false,
    ...options,
  });
  if (exitCode === 0) return stdout.trim() === '' ? 'ok' : stdout.trim();
  return reasonOf(stderr) ?? `${exitCode}: ${stderr}`;
}

const DENIED = 'Permission denied';

/** What one program in Perl does, with the access that it takes; `$p` is the place. Starting others takes long in here. */
const DEEDS = /** @type {const} */ ([
  ['open(F, "<", "$p/file") && <F> eq "content\\n"', Read],
  ['open(F, "<", "$p/deep/er/file") && <F> eq "content\\n"', Read],
  ['opendir(my $d, "$p/deep")', Read],
  ['open(my $f, ">>", "$p/file")', Write],
  ['truncate("$p/other", 0)', Write],
  ['open(my $f, ">", "$p/other")', Write],
  ['open(my $f, "+<", "$p/file")', Read | Write],
  ['mkdir("$p/deep/made")', Write],
  ['rmdir("$p/deep/made")', Write, 'No such file'],
  ['symlink("file", "$p/deep/link")', Write],
  ['mkfifo("$p/fifo", 0600)', Write],
  ['link("$p/file", "$p/linked")', Write],
  ['rename("$p/file", "$p/renamed")', Write],
  ['rename("$p/renamed", "$p/deep/renamed")', Write, 'No such file'],
  ['unlink("$p/other")', Write],
  ['-f "$p/program"', 0],
  ['system("$p/program") == 0', Execute],
]);

/** @param {Container} container */
async function expectMatrix(container) {
  const script = [
    'use POSIX "mkfifo"; $| = 1;',
    'for my $p (@ARGV) {',
    ...DEEDS.map(([deed]) => `print((${deed}) ? "ok\n" : "$!\n");`),
    '}',
  ].join('\n');
  const places = Object.entries(PLACES);
  const { stdout } = await container.run('perl', ['-e', script, ...places.map(([place]) => `/srv/${place}`)]);
  const answers = stdout
    .trim()
    .split('\n')
    .map((answer) => reasonOf(answer) ?? answer);
  const cases = places.flatMap(([place, access]) =>
    DEEDS.map(([deed, needs, bad = DENIED]) => [place, deed, (access & needs) === needs ? 'ok' : bad]),
  );
  assert.deepEqual(
    cases.map(([place, deed], index) => [place, deed, answers[index]]),
    cases,
  );
}

/** @param {string} text */
function reasonOf(text) {
  return /Permission denied|Operation not permitted|Invalid cross-device link|No such file/.exec(text)?.[0];
}

/** Descriptors of this process that belong to BPF. */
function held() {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('bpf');
    } catch {
      return false;
    }
  }).length;
}

/**
 * A check that destroys what it made, whatever came of it.
 * @param {(use: (making: Promise<Container>) => Promise<Container>) => Promise<void>} work
 */
function scoped(work) {
  return async () => {
    /** @type {Container[]} */
    const made = [];
    const use = async (/** @type {Promise<Container>} */ making) => {
      const container = await making;
      made.push(container);
      return container;
    };
    try {
      await work(use);
    } finally {
      for (const container of made) await container.destroy();
    }
  };
}

/** @type {Readonly<Record<string, () => Promise<void>>>} */
export const CHECKS = {
  'a path of a rule that is not there is told, and at the level strict refused': scoped(async () => {
    const policy = createPolicy('build').addPaths(['/not/there'], Read);
    const container = await createContainer({ policy, bpfLsm: true });
    const warning = await new Promise((resolve) => void container.once('warning', resolve));
    await container.destroy();
    assert.match(warning.message, /\/not\/there/);
    await assert.rejects(createContainer({ policy: policy.setSecurityLevel('strict'), bpfLsm: true }), {
      code: 'ERR_CONTAINERV_NOT_FOUND',
      path: '/not/there',
    });
  }),
  'each access allows what it names, and nothing else': scoped(async (use) => {
    const container = await use(confined());
    assert.deepEqual([container.enforced.landlock, container.enforced.bpfLsm], [false, true]);
    await expectMatrix(container);
  }),
  'neither links nor moves lead to what no rule covers': scoped(async (use) => {
    const container = await use(confined());
    const attempts = [
      'ln -s /srv/none /tmp/way && cat /tmp/way/file',
      'cat /srv/all/../none/file',
      'cat /proc/self/root/srv/none/file',
      'cd /srv/none && cat file',
      'ln /srv/none/file /srv/all/taken',
      'ln /srv/read/file /srv/all/taken',
      'mv /srv/none/deep /srv/all/taken',
      'mknod /tmp/device c 1 3',
      'exec 3< /srv/none',
      'sh < /srv/none/file',
      'cat /sys/fs/cgroup/cgroup.procs > /sys/fs/cgroup/cgroup.procs',
    ];
    for (const attempt of attempts) {
      assert.match(await told(container, attempt), /Permission denied|not permitted|Read-only|\d+:/, attempt);
    }
    // A program that may be written does not become one that may be run, but by being copied with the right to.
    assert.equal(await told(container, 'ln /srv/write/program /srv/all/gained'), 'Invalid cross-device link');
  }),
  'a rule covers what is mounted below, and no other place that the same is mounted at': scoped(
    async (use) => {
      const shared = makeTree();
      const container = await use(
        confined({
          policy: createPolicy('build').addPaths(['/data'], Read),
          mounts: [
            { type: 'tmpfs', target: '/data', create: true },
            { source: shared, target: '/data/below', create: true },
            { source: shared, target: '/elsewhere', create: true },
          ],
        }),
      );
      assert.equal(await told(container, 'cat /data/below/all/deep/er/file'), 'content');
      assert.equal(await told(container, 'cat /elsewhere/all/deep/er/file'), DENIED);
    },
  ),
  'containers over the same files each have their own rules': scoped(async (use) => {
    const mounts = [{ source: makeTree(), target: '/srv', create: true }];
    const reading = await use(confined({ mounts, policy: createPolicy('build').addPaths(['/srv'], Read) }));
    const writing = await use(confined({ mounts, policy: createPolicy('build').addPaths(['/srv'], Write) }));
    assert.equal(await told(reading, 'cat /srv/all/file'), 'content');
    assert.equal(await told(writing, 'cat /srv/all/file'), DENIED);
    assert.equal(await told(reading, 'echo text > /srv/all/new'), DENIED);
    assert.equal(await told(writing, 'echo text > /srv/all/new'), 'ok');
  }),
  'what is denied and allowed is counted, for each container': scoped(async (use) => {
    const container = await use(confined());
    const other = await use(confined());
    const before = await container.stats();
    const untouched = (await other.stats()).fileAccessesDenied;
    for (let i = 0; i < 3; i++) await told(container, 'cat /srv/none/file');
    const after = await container.stats();
    assert.equal(Number(after.fileAccessesDenied) - Number(before.fileAccessesDenied), 3);
    assert.ok(Number(after.fileAccessesAllowed) > Number(before.fileAccessesAllowed));
    assert.equal((await other.stats()).fileAccessesDenied, untouched);
    assert.equal((await (await use(createContainer())).stats()).fileAccessesDenied, null);
  }),
  'what we copy is not judged, and who joins is': scoped(async (use) => {
    const container = await use(confined());
    const source = path.join(makeTree(), 'all/file');
    await container.upload([{ from: source, to: '/srv/none/uploaded' }]);
    const joined = await joinContainer(container.id);
    assert.equal(joined.enforced.bpfLsm, true);
    assert.equal(await told(joined, 'cat /srv/none/uploaded'), DENIED);
    const counted = Number((await container.stats()).fileAccessesDenied);
    assert.equal((await joined.stats()).fileAccessesDenied, counted);
    await told(joined, 'cat /srv/none/file');
    assert.equal((await joined.stats()).fileAccessesDenied, counted + 1);
  }),
  'a process’s own policy takes away, from all that comes of it, and never gives': scoped(async (use) => {
    const container = await use(confined());
    const own = { policy: createPolicy('build').addPaths(['/srv/read', '/srv/none'], Read) };
    const scripts = {
      'cat /srv/read/file': 'content',
      'cat /srv/none/file': DENIED,
      'cat /srv/all/file': DENIED,
      'echo text > /srv/read/file': DENIED,
      'sh -c "(cat /srv/all/file; true) & wait"': DENIED,
      'exec 3< /srv/all/file': DENIED,
    };
    const all = Object.keys(scripts).map((script) => `(${script}) 2>&1 | grep . || echo nothing`);
    const answers = (await told(container, all.join('; '), own))
      .split('\n')
      .map((line) => reasonOf(line) ?? line);
    assert.deepEqual(answers, Object.values(scripts));
    assert.equal(await told(container, 'cat /srv/all/file'), 'content');
    assert.equal(await told(await joinContainer(container.id), 'cat /srv/all/file', own), DENIED);
  }),
  'what it moves has no more rights by either policy': scoped(async (use) => {
    const container = await use(confined());
    const own = { policy: createPolicy('build').addPaths(['/srv'], Write) };
    assert.equal(
      await told(container, 'ln /srv/write/program /srv/all/gained', own),
      'Invalid cross-device link',
    );
    assert.equal(await told(container, 'mv /srv/write/file /srv/write/deep/file', own), 'ok');
  }),
  'a policy that denies no file leaves it to those of processes': scoped(async (use) => {
    const container = await use(confined({ policy: 'build' }));
    const own = { policy: createPolicy('build').addPaths(['/srv/read'], Read) };
    assert.equal(container.enforced.bpfLsm, false);
    assert.equal(
      await told(container, 'cat /srv/none/file && mkdir /srv/none/made && rmdir /srv/none/made'),
      'content',
    );
    assert.equal((await container.stats()).fileAccessesDenied, 0);
    assert.equal(await told(container, 'cat /srv/none/file', own), DENIED);
    assert.equal(await told(container, 'cat /srv/read/file', own), 'content');
    assert.equal((await container.stats()).fileAccessesDenied, 1);
  }),
  'who has a policy of its own looks into nobody who has another': scoped(async (use) => {
    const container = await use(confined());
    const own = { policy: createPolicy('build').addPaths(['/srv/read'], Read) };
    const other = await container.spawn('sleep', ['1000'], { stdio: 'ignore' });
    const looking = `cat /proc/${other.pid}/environ > /dev/null && echo seen`;
    assert.equal(await told(container, looking), 'seen');
    assert.equal(await told(container, looking, own), DENIED);
    assert.equal(
      await told(container, 'sleep 1000 & cat /proc/$!/environ > /dev/null; kill $!; echo seen', own),
      'seen',
    );
    await other.kill('SIGKILL');
    await other.wait();
  }),
  'commands to a device take Write when it is opened; what a process was handed works': scoped(
    async (use) => {
      const container = await use(confined({ policy: 'build' }));
      const json = JSON.parse(JSON.stringify(createPolicy('build').addPaths(['/srv'], Read)));
      for (const rule of json.files.system) if (rule.path.startsWith('/dev')) rule.access = ['read'];
      const reading = { policy: Policy.fromJSON(json) };
      /** RNDGETENTCNT, which the driver answers, and FIONBIO, which the kernel does itself. */
      const asking = [0x80045200, 0x5421]
        .map((command) => `$b = pack("i", 0); print ioctl($f, ${command}, $b) ? "ok " : "$! ";`)
        .join('');
      const open = 'open(my $f, "<", "/dev/urandom") or die $!;';
      const both = `perl -e '${open} ${asking}'`;
      assert.equal(await told(container, both), 'ok ok');
      assert.equal(await told(container, both, reading), 'Permission denied ok');
      const device = openSync('/dev/urandom', 'r');
      const inherited = await container.spawn('perl', ['-e', `my $f = \\*STDIN; ${asking}`], {
        ...reading,
        stdio: [device, 'pipe', 'inherit'],
      });
      closeSync(device);
      let said = '';
      for await (const chunk of inherited.stdout ?? []) said += chunk;
      await inherited.wait();
      assert.equal(said, 'ok ok ');
    },
  ),
  'a command that may not be executed is told to be a matter of file rules': scoped(async (use) => {
    const container = await use(confined());
    await assert.rejects(container.run('/srv/read/program'), {
      code: 'ERR_CONTAINERV_SPAWN',
      hint: /addPaths/,
      message: /file rules/,
    });
  }),
  'rules are there again after a stop and a start': scoped(async (use) => {
    const container = await use(confined());
    await container.stop({ timeout: 0 });
    await container.start();
    assert.equal(container.enforced.bpfLsm, true);
    assert.equal(await told(container, 'cat /srv/none/file'), DENIED);
    assert.equal(await told(container, 'cat /srv/read/file'), 'content');
  }),
  'rules outlive who made a detached container': scoped(async (use) => {
    const id = execFileSync(process.execPath, [SELF, 'detached'], { encoding: 'utf8' }).trim();
    const container = await use(joinContainer(id));
    assert.equal(container.enforced.bpfLsm, true);
    assert.equal(await told(container, 'cat /srv/none/file'), DENIED);
    assert.equal(await told(container, 'cat /srv/read/file'), 'content');
    await container.stop({ timeout: 0 });
    await container.start();
    assert.equal(await told(container, 'cat /srv/none/file'), DENIED);
  }),
};

/** Of what is in the kernel; the others start with a container that stays, for which nothing has to be loaded anew. */
const LOADED = 'programs are loaded once, and nothing is held when the last container has ended';

/** @param {Container} first */
async function checkLoaded(first) {
  const withOne = held();
  assert.ok(withOne > 0);
  const second = await confined();
  assert.equal(held(), withOne);
  await first.destroy();
  assert.equal(held(), withOne);
  await second.destroy();
  assert.equal(held(), 0);
}

export const NAMES = [...Object.keys(CHECKS), LOADED];

async function main() {
  if (process.argv[2] === 'detached') {
    console.log((await confined({ detached: true })).id);
    return;
  }
  assert.equal(held(), 0);
  const kept = await confined();
  for (const [name, check] of Object.entries({ ...CHECKS, [LOADED]: async () => checkLoaded(kept) })) {
    const failure = await check().then(
      () => null,
      (error) => `${error.stack}${error.hint === undefined ? '' : `\n${error.hint}`}`,
    );
    console.log(JSON.stringify({ name, failure }));
  }
}

if (process.argv[1] === SELF) await main();
