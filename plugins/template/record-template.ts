// A record whose text a template makes.
import { readRecord } from 'ferrydns/built-in';
import type { ResourceRecord } from 'ferrydns/plugin';
import type { TemplateData } from './data.ts';
import { compile, type Render } from './language/compiler.ts';
import { functions } from './language/functions.ts';
import { parseTemplate } from './language/parser.ts';
import { writeNodes } from './language/tree.ts';

/** Why there is no record: the template could not be executed, or what it made is none. */
export class RecordFailure extends Error {
  readonly of: 'template' | 'record';

  constructor(of: RecordFailure['of'], cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.of = of;
  }
}

export class RecordTemplate {
  /** As Go writes it, which is how metrics name it. */
  readonly written: string;
  private readonly render: Render;
  /** The text that was made last, and its record: much of what templates make is always the same. */
  private last: { readonly text: string; readonly record: ResourceRecord | undefined } | undefined;

  /** Throws a TemplateError when it cannot be read, another Error when it cannot be executed. */
  constructor(source: string) {
    const tree = parseTemplate(source, (name) => Object.hasOwn(functions, name));
    this.written = writeNodes(tree.nodes);
    this.render = compile(tree, functions);
  }

  /** The record for a query, undefined where the template made no text. Throws a {@link RecordFailure}. */
  record(data: TemplateData): ResourceRecord | undefined {
    const text = this.text(data);
    if (this.last?.text === text) return this.last.record;
    try {
      this.last = { text, record: readRecord(text) };
    } catch (cause) {
      throw new RecordFailure('record', cause);
    }
    return this.last.record;
  }

  private text(data: TemplateData): string {
    try {
      return this.render(data);
    } catch (cause) {
      throw new RecordFailure('template', cause);
    }
  }
}
