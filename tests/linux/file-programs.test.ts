import { existsSync } from 'node:fs';
import path from 'node:path';
import { createPolicy, probeHost } from 'containerv-linux';
import { FsAccess } from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import { attempt, small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { idFor } from '../support/suite.js';

// On most machines the programs cannot be had: what they do is tested in a machine of its own, tests/vm/file-programs.mjs.
const { checks } = await probeHost();
const programs = checks.find(({ name }) => name === 'BPF LSM');
const available = programs?.status === 'ok';
const policy = createPolicy('build').addPaths(['/srv'], FsAccess.Read);

describe.skipIf(available)('where the kernel does not take them', () => {
  test('a container that asks for them is refused with what the probe says, and nothing is left', async () => {
    const id = idFor('programs');
    const refused = { code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'check file rules', hint: /Landlock/ };
    const { message } = await failure(small({ id, policy, bpfLsm: true }), refused);
    const said = message.replace(/^.*?BPF LSM: /, '').split('\n')[0] ?? '';
    expect(said).not.toBe('');
    expect(programs?.detail).toContain(said);
    expect(existsSync(path.join(process.env['CONTAINERV_STATE_DIR'] ?? '', id))).toBe(false);
  });

  test('the same for a policy that denies no file', async () => {
    await failure(small({ policy: 'build', bpfLsm: true }), { code: 'ERR_CONTAINERV_UNSUPPORTED' });
  });
});

describe.skipIf(!available)(`where it does (here: ${programs?.detail ?? ''})`, () => {
  test('they judge files besides Landlock, and count', async () => {
    await using container = await small({ policy, bpfLsm: true });
    expect(container.enforced.bpfLsm).toBe(true);
    const before = await container.stats();
    expect(await attempt(container, [['create', '/etc/new', '']])).toEqual(['EACCES']);
    expect(await attempt(container, [['create', '/tmp/new', '']])).toEqual(['ok']);
    const after = await container.stats();
    expect(after.fileAccessesAllowed).toBeGreaterThan(before.fileAccessesAllowed ?? Infinity);
  });

  test('a policy that denies no file leaves nothing for them to do', async () => {
    await using container = await small({ policy: 'build', bpfLsm: true });
    expect(container.enforced.bpfLsm).toBe(false);
    expect((await container.stats()).fileAccessesDenied).toBe(0);
  });
});
