// Answers names of the services and Pods of a Kubernetes cluster, by its DNS specification 1.1.0.
import { definePlugin } from 'ferrydns/plugin';
import { Kubernetes } from './kubernetes.ts';
import { grammar, readSettings } from './settings.ts';

export default definePlugin({
  name: 'kubernetes',
  summary: 'answers names of the services and Pods of a Kubernetes cluster',
  config: grammar,
  // How long the start waits for the API server is what `startup_timeout` says.
  deadlines: { start: 24 * 3_600_000 },
  setup: (options, context) => new Kubernetes(readSettings(options, context), context),
});
