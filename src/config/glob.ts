// Finds the files an import names, with the wildcards that CoreDNS allows: one `*`, one `?`, in any part of the path.

import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export function hasWildcard(pattern: string): boolean {
  return /[*?[\]]/.test(pattern);
}

/** The paths that match an absolute pattern, sorted; neither wildcard crosses a `/`, both match a leading dot. Throws on a second wildcard. */
export function glob(pattern: string): string[] {
  const count = (wildcard: string) => pattern.split(wildcard).length - 1;
  if (count('*') > 1 || count('?') > 1 || (pattern.includes('[') && pattern.includes(']'))) {
    throw new Error(`Glob pattern may only contain one wildcard (*), but has others: ${pattern}`);
  }
  let paths = ['/'];
  for (const part of pattern.split('/').filter((name) => name !== '')) {
    paths = paths.flatMap((path) => (/[*?]/.test(part) ? matchesIn(path, part) : existing(join(path, part))));
  }
  return paths;
}

function matchesIn(folder: string, part: string): string[] {
  const source = part
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace('\\*', '[^/]*')
    .replace('\\?', '[^/]');
  const pattern = new RegExp(`^${source}$`, 'su');
  try {
    const names = readdirSync(folder).filter((name) => pattern.test(name));
    return names.sort().map((name) => join(folder, name));
  } catch {
    // A folder that is missing or may not be read holds no match.
    return [];
  }
}

function existing(path: string): string[] {
  try {
    lstatSync(path);
    return [path];
  } catch {
    return [];
  }
}
