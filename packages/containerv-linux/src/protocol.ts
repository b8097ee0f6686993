// The names and numbers of native/common/protocol.h; test/protocol.test.ts compares the two.

export const PROTOCOL_VERSION = 1;

export const MessageType = {
  Launch: 50,
  Launched: 51,
  Plan: 1,
  Spawn: 2,
  Kill: 3,
  Stop: 4,
  Status: 5,
  Describe: 6,
  SpawnJoined: 7,
  Trees: 8,
  Keep: 9,
  Pause: 10,
  Work: 11,
  More: 12,
  Host: 13,
  Transfer: 20,
  OpenLog: 21,
  NameLog: 22,
  ReadLog: 23,
  ForgetLog: 24,
  Hold: 25,
  JudgeFiles: 26,
  OpenMemory: 27,
  Ready: 101,
  Failed: 102,
  Spawned: 103,
  Exited: 104,
  Done: 105,
  StatusReport: 106,
  Stopped: 107,
  Paused: 108,
  Lost: 109,
  Logged: 120,
} as const;

export const PlanFlag = {
  Detached: 1,
  UserNamespace: 2,
  PidNamespace: 4,
  NewCgroupNamespace: 8,
  NewTimeNamespace: 16,
  NetNamespace: 32,
  EntersLate: 64,
} as const;

export const WorkKind = { CopyLayer: 1, ListChanges: 2, RemoveTree: 3, ConnectNetwork: 4 } as const;

export const Place = { InRoot: 0, InStaging: 1 } as const;

export const Operation = {
  OpMkdir: 1,
  OpSymlink: 2,
  OpMount: 3,
  OpBind: 4,
  OpFile: 5,
  OpMask: 6,
  OpReadonly: 7,
  OpSysctl: 8,
  OpOpenRoot: 9,
  OpRootReadonly: 10,
  OpOverlay: 11,
  OpNetlink: 20,
} as const;

export const OperationFlag = {
  CreateTarget: 1,
  SkipMissing: 2,
  NoSymlinks: 4,
  Recursive: 8,
  SkipUnsupported: 16,
  Bound: 32,
} as const;

export const OverlayFlag = { OverlayUserAttributes: 1, OverlayVolatile: 2 } as const;

export const MountAttribute = { Readonly: 1, Nosuid: 2, Nodev: 4, Noexec: 8 } as const;

export const SpawnFlag = {
  Tty: 1,
  SurvivesClient: 2,
  JobControl: 4,
  StderrApart: 8,
  ClosedStdin: 16,
  ClosedStdout: 32,
  ClosedStderr: 64,
  Observed: 128,
} as const;

export const UserKind = { UserDefault: 0, UserIds: 1, UserName: 2 } as const;

export const PathOrigin = { PathOfBase: 0, PathNamed: 1, PathRequired: 2 } as const;

export const SocketOperation = {
  ConnectSocket: 1,
  BindSocket: 2,
  ListenSocket: 4,
  AcceptSocket: 8,
  SendSocket: 16,
} as const;

export const KillFlag = { WholeGroup: 1 } as const;
