// One `template` directive: which queries it is for, and what it answers.
import { type ExtendedErrorValue, isSubdomain, longestMatch, type Name, type Query, QueryClass, QueryType, type Rcode } from 'ferrydns/plugin';
import { TemplateData } from './data.ts';
import { everything, type Match, type Pattern } from './pattern.ts';
import type { RecordTemplate } from './record-template.ts';

/** The sections of a reply that have templates. */
export type Section = 'answer' | 'additional' | 'authority';

/** An expression about a query and what it has matched. */
export type Condition = (query: Query, data: TemplateData) => unknown;

export interface RuleFields {
  readonly zones: readonly Name[];
  readonly classCode: number;
  readonly class: string;
  readonly typeCode: number;
  readonly type: string;
  /** None: every name fits. */
  readonly patterns: readonly Pattern[];
  readonly conditions: readonly Condition[];
  readonly variables: readonly { readonly name: string; readonly value: Condition }[];
  readonly templates: Readonly<Record<Section, readonly RecordTemplate[]>>;
  readonly rcode: Rcode;
  readonly extendedError: ExtendedErrorValue | undefined;
  /** Zones whose names are passed on when they do not fit. */
  readonly fallthrough: readonly Name[];
  /** Where it is written. */
  readonly place: string;
}

/** A query that a rule is for. */
export interface Fitting {
  readonly zone: Name;
  readonly data: TemplateData;
}

export class Rule {
  readonly fields: RuleFields;

  constructor(fields: RuleFields) {
    this.fields = fields;
  }

  /** What fits; `pass` when the query is the next rule's; `fail` when it is nobody's. Throws what an expression throws. */
  fit(query: Query): Fitting | 'pass' | 'fail' {
    const { zones, classCode, typeCode, patterns, conditions, variables } = this.fields;
    const { name } = query;
    const zone = longestMatch(name, zones);
    if (zone === undefined || !isMeant(classCode, query.classCode, QueryClass.ANY) || !isMeant(typeCode, query.typeCode, QueryType.ANY))
      return 'pass';
    const pattern = patterns.find((each) => each.fits(name));
    if (pattern === undefined && patterns.length > 0) return this.unfit(name);
    const data = new TemplateData({
      query,
      zone,
      class: this.fields.class,
      type: this.fields.type,
      match: () => pattern?.match(name) ?? whole(name),
    });
    if (conditions.some((condition) => condition(query, data) !== true)) return this.unfit(name);
    for (const { name: variable, value } of variables) data.variables.set(variable, value(query, data));
    return { zone, data };
  }

  private unfit(name: Name): 'pass' | 'fail' {
    return this.fields.fallthrough.some((zone) => isSubdomain(name, zone)) ? 'pass' : 'fail';
  }
}

/** ANY on either side stands for all. */
function isMeant(own: number, asked: number, any: number): boolean {
  return own === any || asked === any || own === asked;
}

function whole(name: string): Match {
  return { pattern: everything, groups: [name], named: new Map([['0', name]]) };
}
