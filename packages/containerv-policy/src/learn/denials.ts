import { type Denial, linuxErrnoName } from 'containerv-api';
import { basePolicyNames } from '../base/base-policies.js';
import { dangerousSyscalls } from '../dangerous-syscalls.js';
import { toAccessWords } from '../files/access.js';
import type { PathRule } from '../files/path-rule.js';
import { createPolicy } from '../policy.js';
import { ruleToJson } from '../json/to-json.js';
import { ABSENT, ALLOW, fromAnswer } from '../seccomp/answer.js';
import { syscallName } from '../syscalls/table.js';
import { arches } from '../arch.js';
import { neededAccess } from './file-access.js';
import { permits } from './generalise-paths.js';
import { conditionsOfCall, describeCall } from './learned-rules.js';
import type { Observations, ObservedCall } from './observations.js';

/** What was denied, most frequent first: system calls, then files. Without `clone3`, which only looks absent. */
export function listDenials(observations: Observations, paths: readonly PathRule[]): readonly Denial[] {
  return [...deniedCalls(observations), ...deniedFiles(observations, paths)];
}

function deniedCalls({ arch, calls }: Observations): readonly Denial[] {
  const denials = new Map<string, Denial>();
  for (const call of calls) {
    const { action, data } = fromAnswer(call.answer);
    if (action === 'allow' || action === 'log') continue;
    const answer = action === 'errno' ? linuxErrnoName(data) : action === 'trace' ? 'ENOSYS' : 'killed';
    const name = syscallName(call.number, arch);
    // No filter sees its flags, so no policy of ours could allow it; libc falls back to clone.
    if (name === 'clone3' && call.answer === ABSENT) continue;
    const what = name === undefined ? `syscall ${call.number}` : describeCall(name, call.args);
    const known = denials.get(`${what} ${answer}`);
    const count = (known?.count ?? 0) + call.count;
    const denial = known ?? { kind: 'syscall', what, answer, count, ...adviceFor(name, call, arch) };
    denials.set(`${what} ${answer}`, { ...denial, count });
  }
  return [...denials.values()].sort((a, b) => b.count - a.count);
}

function adviceFor(
  name: string | undefined,
  call: ObservedCall,
  arch: Observations['arch'],
): Pick<Denial, 'rule' | 'note'> {
  if (name === undefined) return { note: 'The tables do not know it; programs fall back at ENOSYS.' };
  const rule = ruleToJson({
    names: [name],
    answer: ALLOW,
    conditions: conditionsOfCall(name, call.args),
    arches,
  });
  const bases = basePolicyNames.filter(
    (base) => createPolicy(base).check({ syscall: name, args: call.args, arch }) === 'allow',
  );
  if (bases.length > 0) return { rule, note: `Allowed by: ${bases.join(', ')}.` };
  const group = dangerousSyscalls.find(({ names }) => names.includes(name));
  return group === undefined
    ? { rule, note: 'No base policy allows it.' }
    : { rule, note: `No base policy allows it: ${group.reason}.` };
}

function deniedFiles({ files }: Observations, paths: readonly PathRule[]): readonly Denial[] {
  const denials = new Map<string, Denial>();
  for (const file of files) {
    const access = neededAccess(file);
    if (access === 0 || permits(paths, file.path, access)) continue;
    const words = toAccessWords(access);
    const what = `${words.join(', ')} ${file.path}`;
    const count = (denials.get(what)?.count ?? 0) + file.count;
    denials.set(what, {
      kind: 'file',
      what,
      answer: 'EACCES',
      count,
      rule: { path: file.path, access: words },
    });
  }
  return [...denials.values()].sort((a, b) => b.count - a.count);
}
