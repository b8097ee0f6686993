/**
 * What of `lines` is left when each of `others` has taken one like itself away.
 * @param {readonly string[]} lines @param {readonly string[]} others
 */
export function without(lines, others) {
  const rest = [...others];
  return lines.filter((line) => {
    const at = rest.indexOf(line);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
