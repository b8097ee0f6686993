#pragma once

// The control protocol between the driver and containerv-init. One SOCK_SEQPACKET datagram is one
// message: u32 type, u32 request id, then the fields of that type, little-endian, strings and byte
// arrays as u32 length + bytes, lists as u32 count + items. `src/protocol.ts` is the other half and
// `test/protocol.test.ts` compares the two files.

#include <stddef.h>
#include <stdint.h>

namespace containerv::protocol {

inline constexpr uint32_t kVersion = 1;

// A body above this size travels in a memfd passed as the message's first descriptor.
inline constexpr size_t kMaxInline = 64 * 1024;
inline constexpr size_t kMaxBody = 8 * 1024 * 1024;
inline constexpr size_t kMaxDescriptors = 64;
inline constexpr size_t kMaxTrees = 600;
// Of all parts of a root: 500 layers (OVL_MAX_STACK), each with several of the host's system directories.
inline constexpr size_t kMaxLowerDirectories = 8192;
inline constexpr uint32_t kBodyInMemfd = 0x80000000;

// The launcher's socket to the driver; in what it clones, the control socket to the driver.
inline constexpr int kDriverFd = 3;

enum MessageType : uint32_t {
  // driver -> launcher: u64 CLONE_NEW*; descriptors: init's end of the control socket, and the cgroup
  // v2 directory to be born in, if there is one
  kLaunch = 50,
  // launcher -> driver, on that control socket: u32 pid, u32 errno; a descriptor: a pidfd where the
  // kernel has them
  kLaunched = 51,
  // driver -> init
  kPlan = 1,
  // after the plan, with kEntersLate after kTrees; descriptors: the listener, the state directory's lock, and v1 `tasks`
  // files to enter by
  kHost = 13,
  kSpawn = 2,
  kKill = 3,
  kStop = 4,
  kStatus = 5,
  kDescribe = 6,  // bytes for clients that join later
  kSpawnJoined = 7,  // as kSpawn, over the container's own cwd, user, limits and environment
  // after the plan, u32 whether another one follows; descriptors: detached mounts, which become staging/trees/0 and so
  // on. With the last, the directories that the plan names are there
  kTrees = 8,
  kWork = 11,     // instead of the plan: u32 kind, u32 whether in a user namespace of its own, what the kind needs
  kKeep = 9,      // before the plan: a descriptor that stays open for as long as init lives
  kMore = 12,     // behind kWork: descriptors, as many as that needs and has not got, in their order
  // u32 paused, text: what thaws; a descriptor to write that to. Everybody is told (kPaused).
  kPause = 10,
  kOpenLog = 21,    // u64 bytes. Answer: kDone, u32 log, and the end of a pipe to be written to
  kNameLog = 22,    // u32 log, u32 pid: whose it is. No answer
  kReadLog = 23,    // u32 pid or 0, u64 position, u32 whether to wait for more. Answer: kLogged
  kForgetLog = 24,  // of a kReadLog that was given up; the request's own number. No answer
  // descriptors that stay open for as long as init lives. Answer: kDone, after init has opened a directory
  kHold = 25,
  // u32 whether BPF programs judge files of every process; a descriptor: the map of processes' own policies, where the
  // kernel can keep those (own_policy.h); from the owner. Answer: kDone
  kJudgeFiles = 26,
  // Answer: kDone, and where the container writes, when that is in memory: a directory with upper and work
  kOpenMemory = 27,
  kTransfer = 20,  // a descriptor: the end of a socket at which a transfer agent is to serve (transfer/messages.h)
  // init -> driver
  kReady = 101,
  kFailed = 102,
  kSpawned = 103,  // u32 pid, text: which path rules of its own policy gave nothing (landlock.h, MissedPaths)
  kExited = 104,
  kDone = 105,
  kStatusReport = 106,
  kStopped = 107,  // u32 signal: a process with kJobControl was stopped
  kPaused = 108,   // u32 paused; of no request
  kLost = 109,     // worker -> driver: what it connected has ended before init did; of no request
  kLogged = 120,  // u64 where it starts, u32 whether there is or may be more, the piece
};

enum PlanFlag : uint32_t {
  kDetached = 1 << 0,
  kUserNamespace = 1 << 1,
  kPidNamespace = 1 << 2,
  kNewCgroupNamespace = 1 << 3,
  kNewTimeNamespace = 1 << 4,
  kNetNamespace = 1 << 5,
  kEntersLate = 1 << 6,  // its control groups are made while it builds the root, and entered then
};

enum WorkKind : uint32_t {
  kCopyLayer = 1,    // owners; descriptors: an upper directory, an empty one
  // owners, [path, u32 lower directories]; descriptors: upper, report; behind it in kMore the lower ones, topmost first
  kListChanges = 2,
  kRemoveTree = 3,   // a descriptor: a directory that is to be emptied
  kConnectNetwork = 4,  // [text]: a program and its arguments; descriptors: see init/user_network.h
};

// Owners in a kWork: [u32 inside, u32 outside, u32 count] of users, then of groups: whose an upper directory's files are
// in the container, when that has other ids than the layer is to have. Empty: the same.

// Where an operation's target is: in the container's root, or in the private staging tmpfs. Sources are host paths when
// they begin with a slash, otherwise in the staging tmpfs too.
enum Place : uint32_t { kInRoot = 0, kInStaging = 1 };

enum Operation : uint32_t {
  kOpMkdir = 1,     // place, path, mode
  kOpSymlink = 2,   // place, path, target
  kOpMount = 3,     // place, path, flags, type, source, attributes, options[key, value]
  kOpBind = 4,      // place, path, flags, source, attributes
  kOpFile = 5,      // place, path, flags, mode, content: a file of ours, made there or bound over it
  kOpMask = 6,      // path: a file becomes /dev/null, a directory an empty read-only one
  kOpReadonly = 7,  // path: what is there, read-only
  kOpSysctl = 8,    // key as a path below /proc/sys, value
  kOpOpenRoot = 9,  // the root is at staging/root from here on
  kOpRootReadonly = 10,
  kOpOverlay = 11,  // place, path, flags, attributes, lower directories topmost first, upper, work, OverlayFlags
  kOpNetlink = 20,  // step, netlink protocol, messages: in the container's own network namespace
};

enum OperationFlag : uint32_t {
  kCreateTarget = 1 << 0,   // make the mount point if it is missing
  kSkipMissing = 1 << 1,    // no mount point, no mount
  kNoSymlinks = 1 << 2,     // no component of the path may be a symbolic link
  kRecursive = 1 << 3,      // binds: with everything mounted below
  kSkipUnsupported = 1 << 4,  // a file system type that this kernel lacks is left out
  kBound = 1 << 5,          // files: bound over what is there instead of made
};

// Volatile: the kernel need not bring what is written to the disk; it goes when the container does.
enum OverlayFlag : uint32_t { kOverlayUserAttributes = 1 << 0, kOverlayVolatile = 1 << 1 };

enum MountAttribute : uint32_t { kReadonly = 1, kNosuid = 2, kNodev = 4, kNoexec = 8 };

enum SpawnFlag : uint32_t {
  kTty = 1 << 0,
  kSurvivesClient = 1 << 1,
  kJobControl = 1 << 2,    // its stops are told; with a terminal, the terminal can stop it
  kStderrApart = 1 << 3,   // with a terminal: stderr is the descriptor that comes along
  kClosedStdin = 1 << 4,   // without a terminal: this descriptor is closed, and none comes for it
  kClosedStdout = 1 << 5,
  kClosedStderr = 1 << 6,
  kObserved = 1 << 7,      // the last descriptor is the observer's socket; u64 pass after the confinement
};

enum UserKind : uint32_t { kUserDefault = 0, kUserIds = 1, kUserName = 2 };

// Where a rule for a path comes from.
enum PathOrigin : uint32_t { kPathOfBase = 0, kPathNamed = 1, kPathRequired = 2 };

// What a process does with a socket that network rules are about.
enum SocketOperation : uint32_t {
  kConnectSocket = 1 << 0,
  kBindSocket = 1 << 1,
  kListenSocket = 1 << 2,
  kAcceptSocket = 1 << 3,
  kSendSocket = 1 << 4,
};

enum KillFlag : uint32_t { kWholeGroup = 1 << 0 };

}  // namespace containerv::protocol
