// Asks the process's own health endpoint: a request that takes long on the own machine tells of overload.
import { type Counter, formatDuration, type Histogram, type SetupContext } from 'ferrydns/plugin';

/** Milliseconds until a request counts as failed, and from which on one that succeeded is worth a warning. */
const limits = { failed: 3000, slow: 1000 };

/** Measures one request at a time. */
export class OverloadProbe {
  private readonly address: string;
  private readonly context: Pick<SetupContext, 'log' | 'now'>;
  private readonly duration: Histogram;
  private readonly failures: Counter;
  private asking = false;

  /** `address` is what the configuration says: "HOST:PORT" or ":PORT". */
  constructor(address: string, context: SetupContext) {
    const { metrics } = context;
    this.address = address;
    this.context = context;
    const buckets = [0.00025, 0.0025, 0.025, 0.25, 2.5];
    this.duration = metrics.histogram('coredns_health_request_duration_seconds', 'Histogram of the time (in seconds) each request took.', buckets);
    this.failures = metrics.counter('coredns_health_request_failures_total', 'The number of times the health check failed.');
  }

  /** Asks the listener at this port, unless the request before is still on its way. */
  async run(port: number): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    const { log, now } = this.context;
    const started = now();
    const failure = await request(this.host(), port);
    this.asking = false;
    const took = now() - started;
    this.duration.observe(took / 1000);
    const url = `http://${this.address}/health`;
    if (failure !== undefined) {
      this.failures.add();
      log.warn(`Local health request to "${url}" failed: ${failure}`);
    } else if (took > limits.slow) {
      log.warn(`Local health request to "${url}" took more than 1s: ${formatDuration(Math.round(took * 1000) / 1000)}`);
    }
  }

  /** One of the machine's own addresses must do when the listener has all of them. */
  private host(): string {
    const host = this.address.slice(0, this.address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
    return host === '' ? 'localhost' : host;
  }
}

/** Asks once; gives the reason when nothing comes back. */
function request(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = process
      .getBuiltinModule('node:http')
      .get({ host, port, path: '/health', agent: false, signal: AbortSignal.timeout(limits.failed) }, (response) => {
        response.resume();
        response.on('end', () => resolve(undefined));
        response.on('error', (error) => resolve(error.message));
      });
    asked.on('error', (error) => resolve(error.message));
  });
}
