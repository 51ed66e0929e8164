// The manifests of deploy/ as objects.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

// biome-ignore lint/suspicious/noExplicitAny: objects of many kinds, of which tests say what they expect.
export type Manifest = any;

/** The objects of a file of deploy/; throws an Error at what is no YAML or no object of Kubernetes. */
export function manifests(file: string): Manifest[] {
  return objectsIn(readFileSync(join(import.meta.dirname, '../../deploy', file), 'utf8'), file);
}

/** The objects of a text with several documents; empty ones do not count. */
export function objectsIn(text: string, file: string): Manifest[] {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  const objects = documents.map((document): Manifest => {
    if (document.errors.length > 0 || document.warnings.length > 0)
      throw new Error(`${file}: ${[...document.errors, ...document.warnings].join('; ')}`);
    return document.toJS();
  });
  for (const object of objects.filter((each) => each !== null)) {
    if (!object.apiVersion || !object.kind || !object.metadata?.name) throw new Error(`${file}: no object of Kubernetes: ${JSON.stringify(object)}`);
  }
  return objects.filter((each) => each !== null);
}

/** The only object of this kind, with this name if there are several. */
export function only(objects: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = objects.filter((object) => object.kind === kind && (name === undefined || object.metadata.name === name));
  if (found.length !== 1) throw new Error(`${found.length} objects of kind ${kind}`);
  return found[0];
}

/** Whether an object with these labels is one that the selector means. */
export function selects(selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  return Object.keys(selector).length > 0 && Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** "PATH at PORT" of a probe of a container, with names of ports looked up. */
export function probed(container: Manifest, probe: 'livenessProbe' | 'readinessProbe'): string {
  const { path, port } = container[probe].httpGet;
  const number = typeof port === 'number' ? port : container.ports.find(({ name }: Manifest) => name === port)?.containerPort;
  return `${path} at ${number}`;
}

/** What rules of RBAC allow, as "VERB RESOURCE.GROUP", sorted. */
export function allowed(rules: readonly Manifest[]): string[] {
  return rules
    .flatMap(({ apiGroups, resources, verbs }) =>
      verbs.flatMap((verb: string) => resources.flatMap((resource: string) => apiGroups.map((group: string) => `${verb} ${resource}.${group}`))),
    )
    .sort();
}
