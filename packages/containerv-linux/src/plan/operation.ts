import { Operation, OperationFlag, OverlayFlag } from '../protocol.js';
import type { WireWriter } from '../wire.js';

/** One step in building a container's root, as data: `native/init/operations.cc` carries it out. */
export type RootOperation =
  | { readonly op: 'mkdir'; readonly place?: TreePlace; readonly path: string; readonly mode: number }
  | { readonly op: 'symlink'; readonly place?: TreePlace; readonly path: string; readonly target: string }
  | ({ readonly op: 'mount'; readonly type: string; readonly source?: string } & Attachment & {
        readonly options?: Readonly<Record<string, string>>;
      })
  | ({ readonly op: 'bind'; readonly source: string } & Attachment)
  | ({
      readonly op: 'overlay';
      /** Topmost first. */
      readonly lower: readonly string[];
      /** Empty, as `work`: read-only. */
      readonly upper: string;
      readonly work: string;
      /** Deletions are marked in `user.` attributes, as they must be in a user namespace. */
      readonly userAttributes: boolean;
      /** What is written need not reach the disk (overlayfs.rst, "Volatile mount"). */
      readonly volatile: boolean;
    } & Attachment)
  | {
      readonly op: 'file';
      readonly place?: TreePlace;
      readonly path: string;
      readonly flags: readonly TargetFlag[];
      readonly content: string;
    }
  | { readonly op: 'mask' | 'readonly'; readonly path: string }
  | { readonly op: 'sysctl'; readonly key: string; readonly value: string }
  | {
      readonly op: 'netlink';
      /** What failed, when it fails. */
      readonly step: string;
      readonly protocol: number;
      readonly messages: Uint8Array;
    }
  | { readonly op: 'open-root' | 'root-readonly' };

/** In the container's root, or in the tmpfs that only init sees while it builds. */
export type TreePlace = 'root' | 'staging';

export type TargetFlag =
  | 'create'
  | 'skip-missing'
  | 'no-symlinks'
  | 'recursive'
  | 'skip-unsupported'
  | 'bound';
export type MountFlag = 'readonly' | 'nosuid' | 'nodev' | 'noexec';

interface Attachment {
  readonly place?: TreePlace;
  readonly path: string;
  readonly flags: readonly TargetFlag[];
  readonly attributes: readonly MountFlag[];
}

const TARGET_FLAGS: Readonly<Record<TargetFlag, number>> = {
  create: OperationFlag.CreateTarget,
  'skip-missing': OperationFlag.SkipMissing,
  'no-symlinks': OperationFlag.NoSymlinks,
  recursive: OperationFlag.Recursive,
  'skip-unsupported': OperationFlag.SkipUnsupported,
  bound: OperationFlag.Bound,
};
const MOUNT_FLAGS: Readonly<Record<MountFlag, number>> = { readonly: 1, nosuid: 2, nodev: 4, noexec: 8 };

export function writeOperation(writer: WireWriter, operation: RootOperation): void {
  switch (operation.op) {
    case 'mkdir':
      writer
        .u32(Operation.OpMkdir)
        .u32(placeNumber(operation.place))
        .text(operation.path)
        .u32(operation.mode);
      break;
    case 'symlink':
      writer.u32(Operation.OpSymlink).u32(placeNumber(operation.place)).text(operation.path);
      writer.text(operation.target);
      break;
    case 'mount':
      writeAttachment(writer.u32(Operation.OpMount), operation)
        .text(operation.type)
        .text(operation.source ?? '');
      writer.u32(bits(operation.attributes, MOUNT_FLAGS));
      writer.list(Object.entries(operation.options ?? {}), ([key, value]) => writer.text(key).text(value));
      break;
    case 'bind':
      writeAttachment(writer.u32(Operation.OpBind), operation).text(operation.source);
      writer.u32(bits(operation.attributes, MOUNT_FLAGS));
      break;
    case 'overlay':
      writeAttachment(writer.u32(Operation.OpOverlay), operation).u32(
        bits(operation.attributes, MOUNT_FLAGS),
      );
      writer
        .list(operation.lower, (path) => writer.text(path))
        .text(operation.upper)
        .text(operation.work);
      writer.u32(
        (operation.userAttributes ? OverlayFlag.OverlayUserAttributes : 0) |
          (operation.volatile ? OverlayFlag.OverlayVolatile : 0),
      );
      break;
    case 'file':
      writer.u32(Operation.OpFile).u32(placeNumber(operation.place)).text(operation.path);
      writer.u32(bits(operation.flags, TARGET_FLAGS)).u32(0o644).bytes(Buffer.from(operation.content));
      break;
    case 'mask':
      writer.u32(Operation.OpMask).text(operation.path);
      break;
    case 'readonly':
      writer.u32(Operation.OpReadonly).text(operation.path);
      break;
    case 'sysctl':
      writer.u32(Operation.OpSysctl).text(operation.key).bytes(Buffer.from(operation.value));
      break;
    case 'netlink':
      writer.u32(Operation.OpNetlink).text(operation.step).u32(operation.protocol).bytes(operation.messages);
      break;
    case 'open-root':
      writer.u32(Operation.OpOpenRoot);
      break;
    case 'root-readonly':
      writer.u32(Operation.OpRootReadonly);
      break;
  }
}

function writeAttachment(writer: WireWriter, { place, path, flags }: Attachment): WireWriter {
  return writer.u32(placeNumber(place)).text(path).u32(bits(flags, TARGET_FLAGS));
}

function placeNumber(place: TreePlace | undefined): number {
  return place === 'staging' ? 1 : 0;
}

function bits<Name extends string>(names: readonly Name[], table: Readonly<Record<Name, number>>): number {
  return names.reduce((sum, name) => sum | table[name], 0);
}
