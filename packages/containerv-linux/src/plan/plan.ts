import type { ContainerSpec, ProcessDefaults, ResolvedRlimit, ResolvedUser } from 'containerv-api';
import type { Confinement } from '../confinement.js';
import { encodeRuleset } from '../landlock/write-ruleset.js';
import { writeBroker } from '../network/write-broker.js';
import { MessageType, PlanFlag, PROTOCOL_VERSION, UserKind } from '../protocol.js';
import { WireWriter } from '../wire.js';
import { type RootOperation, writeOperation } from './operation.js';

const RLIM_INFINITY = 0xffff_ffff_ffff_ffffn;

export interface PlanInput {
  readonly spec: ContainerSpec;
  readonly staging: string;
  readonly confinement: Confinement;
  readonly operations: readonly RootOperation[];
  /** Its control groups are made while it builds the root. */
  readonly entersLate: boolean;
}

/** The message that makes containerv-init build a container (`native/init/plan.cc`). */
export function encodePlan({ spec, staging, confinement, operations, entersLate }: PlanInput): Buffer {
  const writer = new WireWriter(MessageType.Plan, 0)
    .u32(PROTOCOL_VERSION)
    .u32(planFlags(spec) | (entersLate ? PlanFlag.EntersLate : 0))
    .text(staging)
    .text(spec.namespaces.uts ? spec.hostname : '')
    .text(spec.domainname)
    .u64(BigInt.asUintN(64, BigInt(spec.timeOffsets.monotonicSeconds)))
    .u64(BigInt.asUintN(64, BigInt(spec.timeOffsets.boottimeSeconds)));
  writeConfinement(writer, confinement);
  writeBroker(writer, confinement.sockets);
  writeDefaults(writer, spec);
  return writer.list(operations, (operation) => writeOperation(writer, operation)).finish();
}

function planFlags({ detached, namespaces }: ContainerSpec): number {
  return (
    (detached ? PlanFlag.Detached : 0) |
    (namespaces.user ? PlanFlag.UserNamespace : 0) |
    (namespaces.pid ? PlanFlag.PidNamespace : 0) |
    (namespaces.cgroup ? PlanFlag.NewCgroupNamespace : 0) |
    (namespaces.time ? PlanFlag.NewTimeNamespace : 0) |
    (namespaces.net ? PlanFlag.NetNamespace : 0)
  );
}

/** What a process that joins by init's own knowledge starts from (`SpawnDefaults` of `native/init/spawn_request.h`). */
function writeDefaults(writer: WireWriter, { cwd, user, rlimits, cpuAffinity, env }: ProcessDefaults): void {
  writer.text(cwd);
  writeUser(writer, user);
  writeRlimits(writer, rlimits);
  writeAffinity(writer, cpuAffinity);
  writeEnvironment(writer, env);
}

export function writeRlimits(writer: WireWriter, rlimits: readonly ResolvedRlimit[]): void {
  writer.list(rlimits, ({ resource, soft, hard }) => {
    writer.u32(resource);
    for (const value of [soft, hard]) writer.u64(value === 'unlimited' ? RLIM_INFINITY : value);
  });
}

/** A mask as sched_setaffinity(2) takes it, of whole 64-bit words; empty: none. */
export function writeAffinity(writer: WireWriter, cpus: readonly number[] | undefined): void {
  const mask = Buffer.alloc(Math.ceil(((cpus?.at(-1) ?? -1) + 1) / 64) * 8);
  for (const cpu of cpus ?? []) mask[cpu >> 3] = (mask[cpu >> 3] ?? 0) | (1 << (cpu & 7));
  writer.bytes(mask);
}

export function writeEnvironment(writer: WireWriter, env: Readonly<Record<string, string>>): void {
  writer.list(Object.entries(env), ([name, value]) => writer.text(`${name}=${value}`));
}

export function writeConfinement(writer: WireWriter, confinement: Confinement): void {
  const { capabilities, filter, ruleset } = confinement;
  writer.u64(capabilities).bytes(filter).bytes(encodeRuleset(ruleset));
}

/** Ids go as they are; as soon as a name has to be looked up, or a user's group, init does it inside the root. */
export function writeUser(writer: WireWriter, { user, group, groups }: ResolvedUser): void {
  if (typeof user === 'number' && typeof group === 'number') {
    const listed = Buffer.alloc((groups?.length ?? 0) * 4);
    groups?.forEach((id, index) => listed.writeUInt32LE(id, index * 4));
    writer.u32(UserKind.UserIds).u32(user).u32(group).text('').bytes(listed);
  } else {
    const name = group === undefined ? String(user) : `${user}:${group}`;
    writer.u32(UserKind.UserName).u32(0).u32(0).text(name).bytes(Buffer.alloc(0));
  }
}
