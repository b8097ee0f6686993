import type { Denial } from 'containerv-api';

/** Lines for stderr: what was denied, how, how often, and the rule that would allow it. */
export function describeDenials(denied: readonly Denial[]): string {
  return denied
    .map(({ what, answer, count, rule, note }) => {
      const times = count === 1 ? 'once' : `${count} times`;
      const lines = [`containerv: denied: ${what}: ${answer}, ${times}`];
      if (rule !== undefined) lines.push(`  allowed by the rule: ${JSON.stringify(rule)}`);
      if (note !== undefined) lines.push(`  ${note}`);
      return `${lines.join('\n')}\n`;
    })
    .join('');
}
