#!/usr/bin/env node
// The command of the package. It has no imports, so that a Node that is too old for the program can still say so.
const found = process.versions.node;

if (Number(found.split('.', 1)[0]) < 24) {
  process.stderr.write(
    `ferrydns needs Node 24 or later, and this is Node ${found}: install a newer one from https://nodejs.org or by your package manager\n`,
  );
  process.exitCode = 1;
} else {
  await import('./main.ts');
}
