// What templates did, under the names of CoreDNS.
import { type Counter, type Metrics, perRoute, type Query } from 'ferrydns/plugin';
import type { RecordFailure, RecordTemplate } from './record-template.ts';
import type { Fitting, Section } from './rule.ts';

const labels = ['server', 'zone', 'view', 'class', 'type'] as const;
const failureLabels = [...labels, 'section', 'template'] as const;

export class TemplateMetrics {
  private readonly matches: (query: Query) => (fitting: Fitting) => Counter;
  private readonly failures: Readonly<Record<RecordFailure['of'], (values: Readonly<Record<(typeof failureLabels)[number], string>>) => Counter>>;

  constructor(metrics: Metrics) {
    const matches = metrics.counter('coredns_template_matches_total', 'Counter of template regex matches.', labels);
    this.matches = perRoute(({ server, view }) => {
      const made = new Map<string, Counter>();
      return ({ zone, data }) => {
        const { class: klass, type } = asked(data);
        const key = `${zone} ${klass} ${type}`;
        const counter = made.get(key) ?? matches({ server, zone, view, class: klass, type });
        made.set(key, counter);
        return counter;
      };
    });
    this.failures = {
      template: metrics.counter('coredns_template_template_failures_total', 'Counter of go template failures.', failureLabels),
      record: metrics.counter('coredns_template_rr_failures_total', 'Counter of mis-templated RRs.', failureLabels),
    };
  }

  matched(query: Query, fitting: Fitting): void {
    if (query.explained === undefined) this.matches(query)(fitting).add();
  }

  failed(query: Query, { zone, data }: Fitting, section: Section, template: RecordTemplate, failure: RecordFailure): void {
    if (query.explained !== undefined) return;
    const { server, view } = query.route;
    this.failures[failure.of]({ server, zone, view, ...asked(data), section, template: template.written }).add();
  }
}

/** Those without a name are counted together, as `''`, so that clients cannot make as many counters as there are numbers. */
function asked({ class: klass, type }: Fitting['data']): { readonly class: string; readonly type: string } {
  return { class: named(klass), type: named(type) };
}

const named = (mnemonic: string): string => (/^(TYPE|CLASS)\d+$/.test(mnemonic) ? '' : mnemonic);
