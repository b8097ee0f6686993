import { deepFreeze } from 'containerv-api';
import { checkContent, effectiveCapabilities, effectiveSeccomp } from './apply-level.js';
import { type Arch, arches, hostArch } from './arch.js';
import { type BasePolicyName, checkBaseName } from './base/base-policies.js';
import { type CapabilityName, checkCapabilities } from './capabilities.js';
import { explainContent } from './explain/explain.js';
import { FsAccess } from './files/access.js';
import { type PathRule, checkPaths, mergePaths } from './files/path-rule.js';
import { hashText } from './hash-text.js';
import { contentFromJson } from './json/from-json.js';
import type { PolicyJson } from './json/policy-json.js';
import { contentToJson } from './json/to-json.js';
import { type SecurityLevel, securityLevelNames } from './levels.js';
import { type NetworkRule, checkNetworkRule, mergeNetworkRules } from './network/network-rule.js';
import { socketRules } from './network/socket-rules.js';
import { exportProfile } from './oci/export-profile.js';
import { importProfile, type OciImportOptions } from './oci/import-profile.js';
import type { OciSeccomp } from './oci/oci-seccomp.js';
import { type PolicyContent, contentOfBase, mergeContents } from './policy-content.js';
import { checkNames, checkRule } from './seccomp/check-rule.js';
import { type SyscallCall, type Verdict, evaluateCall } from './seccomp/check-call.js';
import { compileOnce, hashRules } from './seccomp/compile-cache.js';
import { seccompLogRequested } from './seccomp/log-request.js';
import { mergeRules } from './seccomp/resolve.js';
import { withoutSyscalls } from './seccomp/remove-syscalls.js';
import type { CheckedRule, SeccompRules, SyscallRule } from './seccomp/rule.js';
import { checkSyscallName } from './syscalls/table.js';
import { checkBoolean, checkList, checkRecord, checkWord } from './validate/check.js';
import { type WindowsIsolation, checkIsolation } from './windows-isolation.js';

/**
 * What a container's processes may do: syscalls, capabilities, files, network. An immutable value; every method that
 * changes something returns a new policy, or throws `ERR_CONTAINERV_INVALID_POLICY` and has changed nothing.
 *
 * Everything is denied that no rule allows. Denied syscalls fail with `EPERM`; numbers unknown to the tables, and
 * `clone3`, with `ENOSYS`, so that programs fall back; calls of a foreign ABI (i386, x32, 32-bit ARM) end the process.
 */
export class Policy {
  static readonly #bases = new Map<BasePolicyName, Policy>();

  readonly #content: PolicyContent;
  /** What is compiled, found once: containers ask for their program at every process they start. */
  #effective: { readonly rules: SeccompRules; readonly hash: string } | undefined;

  private constructor(content: PolicyContent) {
    this.#content = deepFreeze(checkContent(content));
    // Base policies are shared between callers.
    Object.freeze(this);
  }

  /** See {@link createPolicy}. */
  static fromBase(base: BasePolicyName): Policy {
    const name = checkBaseName(base, 'base');
    const policy = Policy.#bases.get(name) ?? new Policy(contentOfBase(name));
    Policy.#bases.set(name, policy);
    return policy;
  }

  /** A policy from {@link Policy.toJSON}'s result or its text. Unknown keys and missing ones are errors. */
  static fromJSON(json: unknown): Policy {
    return new Policy(contentFromJson(json));
  }

  /**
   * A policy with the syscall rules of an OCI, Docker or Podman profile; files and network are not confined by it.
   * Where rules for one syscall disagree, the most restrictive wins.
   *
   * @param json the profile, or its text
   */
  static fromOciSeccomp(json: unknown, options: OciImportOptions = {}): Policy {
    return new Policy(importProfile(json, options));
  }

  /** `build`, `build+network`; for messages. */
  get name(): string {
    return this.#content.name;
  }

  /** Linux capabilities of container root, in the kernel's order: bounding, permitted and effective set alike. */
  get capabilities(): readonly CapabilityName[] {
    return effectiveCapabilities(this.#content);
  }

  get securityLevel(): SecurityLevel {
    return this.#content.securityLevel;
  }

  /**
   * All that may be accessed below the container's root; everything else is denied. Where files are not confined this
   * is the single rule `/` with every access.
   */
  get paths(): readonly PathRule[] {
    const { confinesFiles, systemPaths, addedPaths } = this.#content;
    if (!confinesFiles) return [{ path: '/', access: FsAccess.All }];
    return mergePaths(systemPaths, addedPaths ?? []);
  }

  /** `undefined`: no rule was given, the container's network decides alone. Empty: nothing is permitted. */
  get networkRules(): readonly NetworkRule[] | undefined {
    return this.#content.networkRules;
  }

  get windowsIsolation(): WindowsIsolation | undefined {
    return this.#content.windowsIsolation;
  }

  /** SHA-256 over {@link Policy.toJSON}, hexadecimal. */
  get hash(): string {
    return hashText(JSON.stringify(this.toJSON()));
  }

  /**
   * What either policy allows. Restrictions somebody made stay: paths once named, network rules once given, the
   * stricter security level.
   */
  extend(other: BasePolicyName | Policy): Policy {
    const policy = other instanceof Policy ? other : Policy.fromBase(other);
    return new Policy(mergeContents(this.#content, policy.#content));
  }

  /**
   * Confines files to the system's own and those named so far. A directory covers everything below it.
   *
   * @param paths absolute; an empty list adds none but still confines
   */
  addPaths(paths: readonly string[], access: FsAccess): Policy {
    const added = mergePaths(this.#content.addedPaths ?? [], checkPaths(paths, access));
    return this.#with({ addedPaths: added, confinesFiles: true });
  }

  /**
   * Allows syscalls, by name or by rule. Several rules for one syscall are alternatives.
   *
   * @example policy.addSyscalls(['setrlimit', { names: ['ioctl'], args: [{ index: 1, op: '==', value: 0x5412 }] }])
   */
  addSyscalls(syscalls: readonly (string | SyscallRule)[]): Policy {
    const list = checkList(syscalls, 'syscalls');
    const names = list.flatMap((entry, at) =>
      typeof entry === 'string' ? [checkSyscallName(entry, `syscalls[${at}]`)] : [],
    );
    const rules = list.flatMap((entry, at) =>
      typeof entry === 'string' ? [] : [checkRule(entry, `syscalls[${at}]`)],
    );
    if (names.length > 0) rules.push(checkRule({ names, reason: 'added by name' }, 'syscalls'));
    return this.#withRules(rules);
  }

  /**
   * Takes syscalls out of every rule that names them; they are then denied like any other. A later `extend` or
   * `addSyscalls` may allow them again.
   *
   * @throws ERR_CONTAINERV_INVALID_POLICY for one that no rule names, and for those without which nothing can start
   */
  removeSyscalls(names: readonly string[]): Policy {
    const { seccomp } = this.#content;
    return this.#with({
      seccomp: { ...seccomp, rules: withoutSyscalls(seccomp.rules, checkNames(names, 'names')) },
    });
  }

  /**
   * Permits communication, and allows the syscalls it takes. From the first call on, even with an empty list, what no
   * rule permits is denied.
   */
  addNetworkRules(rules: readonly NetworkRule[]): Policy {
    const checked = checkList(rules, 'rules').map((rule, at) => checkNetworkRule(rule, `rules[${at}]`));
    const needed = socketRules(checked).map((rule) => checkRule(rule, 'rules'));
    const networkRules = mergeNetworkRules(this.#content.networkRules ?? [], checked);
    return this.#with({ networkRules }).#withRules(needed);
  }

  /** Replaces the capabilities. Empty: none. */
  setCapabilities(names: readonly CapabilityName[]): Policy {
    return this.#with({ baseCapabilities: [], chosenCapabilities: checkCapabilities(names, 'capabilities') });
  }

  /** See the table `securityLevels` for what each level changes. */
  setSecurityLevel(level: SecurityLevel): Policy {
    return this.#with({ securityLevel: checkWord(level, 'securityLevel', securityLevelNames) });
  }

  /** For the Windows driver; replaces what was set before. */
  setWindowsIsolation(isolation: WindowsIsolation): Policy {
    return this.#with({ windowsIsolation: checkIsolation(isolation, 'windowsIsolation') });
  }

  /**
   * The seccomp program: an array of `struct sock_filter`, 8 bytes each, little-endian. Compiled once for equal rules.
   *
   * @param options.log allow and log what would be denied. @defaultValue whether `CONTAINERV_SECCOMP_LOG` is `1`
   * @throws ERR_CONTAINERV_INVALID_POLICY where it would exceed the kernel's 4096 instructions
   */
  compileSeccomp(options: { readonly arch: Arch; readonly log?: boolean }): Uint8Array {
    const checked = checkRecord(options, 'options', ['arch', 'log']);
    const arch = checkWord(checked['arch'], 'options.arch', arches);
    const log =
      checked['log'] === undefined ? seccompLogRequested() : checkBoolean(checked['log'], 'options.log');
    const { rules, hash } = (this.#effective ??= this.#findEffective());
    return compileOnce(rules, hash, { arch, log });
  }

  /**
   * What the kernel would do with a call, from running the compiled program: `errno` also for calls that want a tracer,
   * `kill` also for those that raise `SIGSYS`.
   *
   * @defaultValue `arch`: the host's; `args`: 0
   */
  check(call: SyscallCall): Verdict {
    return evaluateCall(call, (arch, log) => this.compileSeccomp({ arch, log }), hostArch()).verdict;
  }

  /** What is allowed and why, as text for people. */
  explain(): string {
    return explainContent(this.#content);
  }

  toJSON(): PolicyJson {
    return contentToJson(this.#content);
  }

  /**
   * The syscall rules as an OCI profile.
   *
   * @param options.arch for one architecture. @defaultValue all, with `includes.arches` (which Docker and Podman read)
   *   at rules that differ
   * @throws ERR_CONTAINERV_INVALID_POLICY for rules that the format cannot express
   */
  toOciSeccomp(options: { readonly arch?: Arch } = {}): OciSeccomp {
    const { arch } = checkRecord(options, 'options', ['arch']);
    const wanted = arch === undefined ? arches : [checkWord(arch, 'options.arch', arches)];
    return exportProfile(effectiveSeccomp(this.#content), wanted);
  }

  #findEffective(): { readonly rules: SeccompRules; readonly hash: string } {
    const rules = effectiveSeccomp(this.#content);
    return { rules, hash: hashRules(rules) };
  }

  #with(change: Partial<PolicyContent>): Policy {
    return new Policy({ ...this.#content, ...change });
  }

  #withRules(added: readonly CheckedRule[]): Policy {
    const { seccomp } = this.#content;
    return this.#with({ seccomp: { ...seccomp, rules: mergeRules(seccomp.rules, added) } });
  }
}

/**
 * A policy to start from.
 *
 * - `minimal`: a basic command-line program; threads, but no other processes, no sockets, no changes to file trees.
 * - `build`: compilers, package managers, test suites; no network.
 * - `network`: a client or server over TCP, UDP and local sockets; no other processes.
 * - `custom`: nothing but exec and exit.
 *
 * @example createPolicy('build').extend('network').addPaths(['/workspace'], FsAccess.All)
 * @throws ERR_CONTAINERV_INVALID_POLICY for another name
 */
export function createPolicy(base: BasePolicyName): Policy {
  return Policy.fromBase(base);
}
