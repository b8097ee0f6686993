/** What of the host a container with `rootfs: 'host'` sees. Everything that is not named here does not exist in it. */

/** Top-level directories with programs and libraries, each under a private writable overlay. Links stay links. */
export const SYSTEM_DIRECTORIES: readonly string[] = [
  'usr',
  'bin',
  'sbin',
  'lib',
  'lib32',
  'lib64',
  'libx32',
];

/** Package stores that some distributions keep outside of /usr; read-only. */
export const PACKAGE_STORES: readonly string[] = ['/nix/store', '/gnu/store'];

/**
 * Entries of /etc that programs need to run and compilers to build, read-only. Nothing secret is among them: no
 * shadow, no host keys, no credentials, nothing of other services.
 */
export const ETC_ENTRIES: readonly { readonly purpose: string; readonly names: readonly string[] }[] = [
  {
    purpose: 'dynamic loader',
    names: ['ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'ld-musl-x86_64.path', 'ld-musl-aarch64.path'],
  },
  {
    purpose: 'names of users, groups, services and protocols',
    names: ['passwd', 'group', 'nsswitch.conf', 'services', 'protocols', 'host.conf', 'gai.conf'],
  },
  { purpose: 'which of several programs a command is', names: ['alternatives'] },
  {
    purpose: 'certificates of authorities, never keys',
    names: [
      'ssl/certs',
      'ssl/cert.pem',
      'ssl/openssl.cnf',
      'ca-certificates',
      'ca-certificates.conf',
      'pki/ca-trust',
      'pki/tls/certs',
      'pki/tls/cert.pem',
      'pki/tls/openssl.cnf',
    ],
  },
  {
    purpose: 'time zone, locale, terminal',
    names: ['localtime', 'timezone', 'locale.conf', 'locale.alias', 'default/locale', 'terminfo', 'inputrc'],
  },
  {
    purpose: 'what system this is',
    names: [
      'os-release',
      'debian_version',
      'lsb-release',
      'redhat-release',
      'fedora-release',
      'alpine-release',
      'arch-release',
    ],
  },
  {
    purpose: 'languages and tools',
    names: [
      'perl',
      'python3',
      'python3.9',
      'python3.10',
      'python3.11',
      'python3.12',
      'python3.13',
      'java',
      'java-11-openjdk',
      'java-17-openjdk',
      'java-21-openjdk',
      'mime.types',
      'magic',
      'gitconfig',
      'profile',
      'profile.d',
      'bash.bashrc',
      'fonts',
    ],
  },
];

/** Directories that programs expect, empty and private. */
export const EMPTY_DIRECTORIES: readonly { readonly path: string; readonly mode: number }[] = [
  { path: '/root', mode: 0o700 },
  { path: '/home', mode: 0o755 },
  { path: '/var/tmp', mode: 0o1777 },
  { path: '/var/lib', mode: 0o755 },
  { path: '/var/cache', mode: 0o755 },
  { path: '/run', mode: 0o755 },
  { path: '/opt', mode: 0o755 },
  { path: '/mnt', mode: 0o755 },
];

/** Where the container's own file systems go. */
export const MOUNT_POINTS: readonly string[] = ['/proc', '/dev', '/sys', '/tmp'];
