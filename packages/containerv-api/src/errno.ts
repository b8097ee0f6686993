import { getSystemErrorMap } from 'node:util';

/**
 * Linux errno names by number (asm-generic, the same on x64 and arm64). Node's own table follows the machine it runs
 * on and lacks several of these, `ENOEXEC` among them.
 */
const NAMES: readonly string[] = (
  'OK EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST ' +
  'EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE ' +
  'EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP 41 ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ' +
  'ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT 58 EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ' +
  'ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD ' +
  'ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT ' +
  'EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ' +
  'ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN ' +
  'EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ' +
  'ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON'
).split(' ');

/** What the kernel's own manual calls the errors that Node has no text for. */
const TEXTS: Readonly<Record<string, string>> = {
  ENOEXEC: 'exec format error',
  EDQUOT: 'disk quota exceeded',
  EUCLEAN: 'structure needs cleaning',
  ENOTBLK: 'block device required',
  ECHILD: 'no child processes',
  EDEADLK: 'resource deadlock would occur',
  ENOLCK: 'no locks available',
  EUSERS: 'too many users or namespaces',
  ELIBBAD: 'accessing a corrupted shared library',
  ENOKEY: 'required key not available',
  ESTALE: 'stale file handle',
};

/** The symbolic name of a Linux errno: `2` gives `'ENOENT'`; a number without a name gives `'errno 4095'`. */
export function linuxErrnoName(errno: number): string {
  const name = errno > 0 ? NAMES[errno] : undefined;
  return name?.startsWith('E') ? name : `errno ${errno}`;
}

/** `'ENOENT'` gives `'ENOENT, no such file or directory'`; a name without a text is given back alone. */
export function errnoText(name: string): string {
  const text = TEXTS[name] ?? nodeText(name);
  return text === undefined ? name : `${name}, ${text}`;
}

function nodeText(name: string): string | undefined {
  for (const [known, text] of getSystemErrorMap().values()) if (known === name) return text;
  return undefined;
}
