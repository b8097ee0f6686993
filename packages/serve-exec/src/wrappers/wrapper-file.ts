import { createHash } from 'node:crypto';
import { cmdText } from './cmd-text.js';
import type { WrapperInvocation } from './invocation.js';
import { posixText } from './posix-text.js';
import { powershellText } from './powershell-text.js';
import type { WrapperFormat } from './wrapper-options.js';

interface Kind {
  readonly extension: string;
  /** What comes before the mark, on lines of its own; and before it on its line. */
  readonly head: string;
  readonly comment: string;
  readonly lineEnd: string;
  readonly text: (invocation: WrapperInvocation) => string;
}

const KINDS: Readonly<Record<WrapperFormat, Kind>> = {
  posix: { extension: '', head: '#!/bin/sh\n', comment: '# ', lineEnd: '\n', text: posixText },
  cmd: { extension: '.cmd', head: '@echo off\r\n', comment: 'rem ', lineEnd: '\r\n', text: cmdText },
  // With a byte order mark: PowerShell 5 reads files in the system's code page otherwise.
  powershell: { extension: '.ps1', head: '\uFEFF', comment: '# ', lineEnd: '\r\n', text: powershellText },
};

const MARK = 'Written by serve-exec wrappers, which takes it away when it is unchanged: ';

export function wrapperFileName(name: string, format: WrapperFormat): string {
  return `${name}${KINDS[format].extension}`;
}

/** The whole file, with a mark by which it is known again as long as nobody changes it. */
export function wrapperContent(format: WrapperFormat, invocation: WrapperInvocation): string {
  const { head, comment, lineEnd, text } = KINDS[format];
  const body = text(invocation);
  return `${head}${comment}${MARK}${digest(body)}${lineEnd}${body}`;
}

/** The format of a file that {@link wrapperContent} made, or why it is none. */
export function recognize(content: string): WrapperFormat | 'changed' | 'foreign' {
  for (const [format, { head, comment, lineEnd }] of Object.entries(KINDS) as [WrapperFormat, Kind][]) {
    const start = `${head}${comment}${MARK}`;
    if (!content.startsWith(start)) continue;
    const end = content.indexOf(lineEnd, start.length);
    const unchanged =
      end > 0 && content.slice(start.length, end) === digest(content.slice(end + lineEnd.length));
    return unchanged ? format : 'changed';
  }
  return 'foreign';
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
