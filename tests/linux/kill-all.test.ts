import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { initPid, isGone } from '../support/host.js';
import { describeWithGroups } from '../support/privilege.js';
import { remainsOf } from '../support/remains.js';

const unified = existsSync('/sys/fs/cgroup/cgroup.controllers');
const reason = unified ? '' : ' (skipped: needs cgroup v2)';

describeWithGroups(`a container in the host's namespace of processes${reason}`, () => {
  test.skipIf(!unified)('ends whole when its init is killed from outside', async () => {
    await using container = await small({ namespaces: { pid: false } });
    const child = await container.spawn('stubborn', [], { stdio: 'ignore' });
    const init = await initPid(container);
    const exits: unknown[] = [];
    container.on('exit', (exit) => exits.push(exit));
    process.kill(init, 'SIGKILL');
    await eventually(() => expect(exits).toHaveLength(1));
    await eventually(() => expect(isGone(child.pid)).toBe(true));
    await container.destroy();
    expect(remainsOf(container.id)).toEqual([]);
  });
});
