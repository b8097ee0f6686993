/** What a document takes from the host and from what the driver has prepared, beside the options. */
export interface WindowsHost {
  /** Build of the running Windows: `20348`. */
  readonly build: number;
  /** Logical processors. */
  readonly processors: number;
  readonly storage: ContainerStorage;
  /** HNS endpoints of the container, by id. @defaultValue none */
  readonly endpoints?: readonly string[] | undefined;
  /** HCN namespace that holds the endpoints; schema v2 attaches by it. @defaultValue no network */
  readonly networkNamespace?: string | undefined;
  /** Host directory mapped at `C:\chef\staging` or `/chef/staging`, for transfers. @defaultValue none */
  readonly stagingPath?: string | undefined;
  /** Disks that the container sees as directories. @defaultValue none */
  readonly volumes?: readonly AttachedVolume[] | undefined;
  /** Who HCS is told to have made the system. @defaultValue 'containerv' */
  readonly owner?: string | undefined;
  /** @defaultValue 'x64' */
  readonly arch?: 'x64' | 'arm64' | undefined;
}

export interface AttachedVolume {
  /** The VHDX file. */
  readonly diskPath: string;
  /** `\\?\Volume{...}\`, where the disk is one of this machine; `undefined`: a virtual machine opens it. */
  readonly volumePath: string | undefined;
  /** In the container, absolute, with `/`. */
  readonly target: string;
  readonly readonly: boolean;
}

/** Where the container's root is. */
export type ContainerStorage =
  | {
      readonly kind: 'windowsfilter';
      /** Read-only layers, topmost first, base last; `id` as NameToGuid makes it from the folder's name. */
      readonly layers: readonly LayerReference[];
      /** Folder of the container's own writable layer. */
      readonly scratchPath: string;
      /** `\\?\Volume{...}\` of the prepared scratch; process isolation only. */
      readonly volumePath?: string | undefined;
      /** Folder of the utility virtual machine; Hyper-V isolation only. */
      readonly utilityVmPath?: string | undefined;
      /** The virtual machine's own disk; Hyper-V isolation with schema v2 only. */
      readonly utilityVmScratchPath?: string | undefined;
    }
  | {
      readonly kind: 'linux';
      /** Host directory that is the root, seen at `/chef/rootfs` in the virtual machine. */
      readonly rootfsPath: string;
      readonly kernelPath: string;
      readonly initrdPath: string;
    };

export interface LayerReference {
  readonly id: string;
  readonly path: string;
}

/** First builds of the releases that differ in what documents may hold. */
export const BUILD = {
  /** 1709: the first with Windows containers as this driver uses them. */
  rs3: 16_299,
  /** 1809, Server 2019: schema v2, computecore.dll. */
  rs5: 17_763,
  /** 1903: direct boot of a Linux kernel (18286 and later previews are not told apart). */
  v19h1: 18_362,
} as const;
