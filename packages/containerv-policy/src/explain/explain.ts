import { effectiveCapabilities, effectiveSeccomp } from '../apply-level.js';
import { toAccessWords } from '../files/access.js';
import { mergePaths } from '../files/path-rule.js';
import { securityLevels } from '../levels.js';
import { type NetworkRule, networkOperations } from '../network/network-rule.js';
import type { PolicyContent } from '../policy-content.js';
import { describeAnswer } from './describe-answer.js';
import { explainRules } from './explain-rules.js';
import { wrap } from './wrap.js';

/** A policy as text for people: what it allows and why, and what happens to the rest. Lines of at most 100 columns. */
export function explainContent(content: PolicyContent): string {
  const { securityLevel } = content;
  return [
    `Policy ${content.name}, security level ${securityLevel}: ${securityLevels[securityLevel].summary}.`,
    '',
    ...section('Capabilities', explainCapabilities(content)),
    ...section('Files', explainFiles(content)),
    ...section('Network', explainNetwork(content)),
    ...section('Windows', explainWindows(content)),
    ...section('Syscalls', explainSyscalls(content)),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), ''];
}

function explainCapabilities(content: PolicyContent): readonly string[] {
  const names = effectiveCapabilities(content);
  return names.length === 0 ? ['none'] : wrap(names, 96);
}

function explainFiles({ confinesFiles, systemPaths, addedPaths }: PolicyContent): readonly string[] {
  if (!confinesFiles) return ['everything that the container has; the first addPaths confines them'];
  const rules = mergePaths(systemPaths, addedPaths ?? []);
  const byAccess = new Map<string, string[]>();
  for (const { path, access } of rules) {
    const words = toAccessWords(access).join(', ') || 'nothing';
    byAccess.set(words, [...(byAccess.get(words) ?? []), path]);
  }
  const groups = [...byAccess].flatMap(([words, paths]) => [
    `${words}:`,
    ...wrap(paths, 94).map((line) => `  ${line}`),
  ]);
  return [...groups, 'nothing else'];
}

function explainNetwork({ networkRules }: PolicyContent): readonly string[] {
  if (networkRules === undefined) return ["no rules: wherever the container's network leads"];
  return [...networkRules.map(describeNetworkRule), 'nothing else'];
}

function describeNetworkRule({ family, protocol, address, ports, path, allow }: NetworkRule): string {
  const may = (allow ?? networkOperations).join(', ') || 'nothing';
  if (family === 'unix') return `${may}: local socket ${path ?? '(any)'}`;
  const where = ports
    ?.map((range) => (typeof range === 'number' ? String(range) : range.join('-')))
    .join(', ');
  const port = where === undefined ? 'every port' : where === '' ? 'no port' : `port ${where}`;
  return `${may}: ${protocol ?? 'tcp, udp'} ${address ?? (family === 'inet' ? 'every IPv4' : 'every IPv6')}, ${port}`;
}

function explainWindows({ windowsIsolation, securityLevel }: PolicyContent): readonly string[] {
  const { user, maxIntegrityLevel } = securityLevels[securityLevel].windows;
  if (windowsIsolation === undefined && user === undefined) return [];
  const { appContainer, integrityLevel, capabilitySids } = windowsIsolation ?? {};
  return [
    ...(user === undefined ? [] : [`account: ${user}`]),
    ...(appContainer === undefined ? [] : [`AppContainer: ${appContainer ? 'yes' : 'no'}`]),
    `integrity level: ${integrityLevel ?? `at most ${maxIntegrityLevel}`}`,
    ...(capabilitySids ?? []).map((sid) => `capability: ${sid}`),
  ];
}

function explainSyscalls(content: PolicyContent): readonly string[] {
  const { defaultAnswer, unknownAnswer, rules } = effectiveSeccomp(content);
  return [
    ...explainRules(rules),
    `every other known syscall: ${describeAnswer(defaultAnswer)}`,
    `numbers that the tables do not know: ${describeAnswer(unknownAnswer)}`,
    'calls of a foreign ABI (i386, x32, 32-bit ARM): the process ends',
  ];
}
