// Runs in a test machine without Landlock: what BPF programs deny, nothing else would. Prints one JSON line for each check.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContainer, joinContainer } from 'containerv';
import { createPolicy, FsAccess } from 'containerv-policy';

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
 * @returns {Promise<string>} what it printed, or why it failed
 */
async function told(container, script) {
  const { exitCode, stdout, stderr } = await container.run('sh', ['-c', script], { reject: false });
  if (exitCode === 0) return stdout.trim() === '' ? 'ok' : stdout.trim();
  return reasonOf(stderr) ?? `${exitCode}: ${stderr}`;
}

/** So many checks look at what is there without any container. For the others nothing has to be loaded anew. */
const ALONE = 2;
const DENIED = 'Permission denied';

/** By command, with the access that it takes; `$1` is the place. */
const COMMANDS = /** @type {const} */ ([
  ['cat $1/file', Read, 'content'],
  ['cat $1/deep/er/file', Read, 'content'],
  ['ls $1/deep', Read, 'er'],
  ['echo text >> $1/file', Write],
  ['truncate -s 0 $1/other', Write],
  ['dd if=/dev/null of=$1/other status=none', Write],
  ['mkdir $1/deep/made', Write],
  ['rmdir $1/deep/made', Write, 'ok', 'No such file'],
  ['ln -s file $1/deep/link', Write],
  ['mkfifo $1/fifo', Write],
  ['ln $1/file $1/linked', Write],
  ['mv $1/file $1/renamed', Write],
  ['mv $1/renamed $1/deep/renamed', Write, 'ok', 'No such file'],
  ['rm -f $1/other', Write],
  ['stat -c %F $1/program', 0, 'regular file'],
  ['$1/program', Execute],
]);

/** @param {Container} container */
async function expectMatrix(container) {
  // One process for all of them: starting one takes long in here.
  const places = Object.entries(PLACES);
  const cases = places.flatMap(([place, access]) =>
    COMMANDS.map(([command, needs, good = 'ok', bad = DENIED]) => ({
      command: command.replaceAll('$1', `/srv/${place}`),
      expected: (access & needs) === needs ? good : bad,
    })),
  );
  const { stdout } = await container.run('sh', [
    '-c',
    'for command; do printf "%s\\t" "$(eval "$command" 2>&1 && echo ok)" | tr "\\n" " "; done',
    'sh',
    ...cases.map(({ command }) => command),
  ]);
  const answers = stdout
    .split('\t')
    .map((answer) => reasonOf(answer) ?? (answer.trim().replace(/ ?ok$/, '') || 'ok'));
  assert.deepEqual(
    cases.map(({ command }, index) => [command, answers[index]]),
    cases.map(({ command, expected }) => [command, expected]),
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
  'programs are loaded once, and nothing is held when the last container has ended': scoped(async () => {
    assert.equal(held(), 0);
    const first = await confined();
    const withOne = held();
    assert.ok(withOne > 0);
    const second = await confined();
    assert.equal(held(), withOne);
    await first.destroy();
    assert.equal(held(), withOne);
    await second.destroy();
    assert.equal(held(), 0);
  }),
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
    assert.equal(held(), 0);
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
    assert.equal((await joined.stats()).fileAccessesDenied, null);
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

async function main() {
  if (process.argv[2] === 'detached') {
    console.log((await confined({ detached: true })).id);
    return;
  }
  /** @type {Container | undefined} */
  let kept;
  for (const [index, [name, check]] of Object.entries(CHECKS).entries()) {
    if (index === ALONE) kept = await confined();
    const failure = await check().then(
      () => null,
      (error) => `${error.stack}${error.hint === undefined ? '' : `\n${error.hint}`}`,
    );
    console.log(JSON.stringify({ name, failure }));
  }
  await kept?.destroy();
}

if (process.argv[1] === SELF) await main();
