// Whom TLS clients of this process trust: the authorities that Node brings along, and those of the system's store.
import { readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

let isDone = false;

/**
 * From now on, TLS clients that name no authority of their own trust the system's store too, or the files that SSL_CERT_FILE and SSL_CERT_DIR name in its
 * place. Reading them takes a moment and some megabytes: only who speaks TLS calls this, before its first connection.
 */
export function trustSystemAuthorities(environment: NodeJS.ProcessEnv = process.env): void {
  if (isDone) return;
  isDone = true;
  const folders = environment['SSL_CERT_DIR']?.split(delimiter) ?? [];
  // Of several folders the platform reads none.
  const more = folders.length > 1 ? folders.flatMap(certificatesIn) : [];
  const { getCACertificates, setDefaultCACertificates } = process.getBuiltinModule('node:tls');
  setDefaultCACertificates([...new Set([...getCACertificates('default'), ...getCACertificates('system'), ...more])]);
}

/** The certificates of every file in a folder; what cannot be read, or is none, is passed over, as everywhere with such folders. */
function certificatesIn(folder: string): string[] {
  return namesIn(folder).flatMap((name) => {
    try {
      return readFileSync(join(folder, name), 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    } catch {
      return [];
    }
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
