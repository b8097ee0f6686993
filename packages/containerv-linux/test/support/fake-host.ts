import type { HostFiles } from '../../src/probe/host-files.js';

const EXT4 = 0xef53;
export const OVERLAYFS = 0x794c7630;
export const NFS = 0x6969;

const NAMESPACES = ['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup', 'user', 'time'];

/** A host on which everything works, but for what is given: files with another text, `undefined` for missing ones. */
export function fakeHost(
  files: Readonly<Record<string, string | undefined>> = {},
  {
    uid = 1000,
    fileSystem = EXT4,
    inode = 0xefff_fffb,
  }: { readonly uid?: number; readonly fileSystem?: number | undefined; readonly inode?: number } = {},
): HostFiles {
  const all: Readonly<Record<string, string | undefined>> = {
    ...Object.fromEntries(NAMESPACES.map((name) => [`/proc/self/ns/${name}`, ''])),
    '/proc/sys/user/max_user_namespaces': '63000\n',
    '/proc/sys/kernel/seccomp/actions_avail': 'kill_process kill_thread trap errno trace log allow\n',
    '/proc/filesystems': 'nodev\tproc\nnodev\toverlay\n\text4\n',
    '/proc/self/mountinfo': [
      '25 1 254:0 / / rw - ext4 /dev/vda rw',
      '26 25 0:22 / /proc rw - proc proc rw',
      '27 26 0:23 / /proc/sys/fs/binfmt_misc rw - autofs none rw',
    ].join('\n'),
    ...files,
  };
  return {
    uid,
    read: (path) => all[path],
    exists: (path) => all[path] !== undefined,
    inode: () => inode,
    fileSystem: () => fileSystem,
  };
}
