/**
 * Whether the environment asks for log-and-allow: `CONTAINERV_SECCOMP_LOG=1`, exactly. Any other value means enforced.
 * Whoever loads a filter compiled so must tell the user that enforcement is off.
 */
export function seccompLogRequested(
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  return env['CONTAINERV_SECCOMP_LOG'] === '1';
}
