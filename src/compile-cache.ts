// What Node makes of the program's files, code without types and compiled, is kept beside them: the next start takes it from there.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Not in the folder for temporary files, where others could put code. Where this one cannot be written, nothing is kept. It is written when the process ends.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/ferrydns', import.meta.url)));
