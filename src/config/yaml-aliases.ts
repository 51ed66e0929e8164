// What the aliases of a YAML document stand for, and how much the document is with all of them put in: looked at before anything is read.
import { type Alias, isAlias, isMap, isSeq, type Node } from 'yaml';

export type YamlNode = Node | null | undefined;

/** Where in the text something stands: from the first character to the one behind the last. */
export type Range = readonly [number, number, ...number[]] | null | undefined;

export type Report = (message: string, range: Range, expected?: string) => void;

/** More than anybody writes: what goes beyond it was made to be long. */
const mostNodes = 100_000;
const deepest = 50;

/** What each alias stands for. Those without an anchor, in a loop, or beyond the limits are reported, and stand for nothing. */
export function aliasesOf(contents: YamlNode, report: Report): ReadonlyMap<Alias, Node> {
  const reader = new AliasReader(report);
  reader.read(contents, 0);
  return reader.found;
}

interface Extent {
  readonly nodes: number;
  /** How many lists and maps stand inside of one another. */
  readonly height: number;
}

const none: Extent = { nodes: 0, height: 0 };

class AliasReader {
  readonly found = new Map<Alias, Node>();
  private readonly report: Report;
  /** The last node with each anchor so far; without an extent while it is being read. */
  private readonly anchored = new Map<string, { readonly node: Node; extent?: Extent }>();
  private nodes = 0;

  constructor(report: Report) {
    this.report = report;
  }

  read(node: YamlNode, depth: number): Extent {
    if (isAlias(node)) return this.alias(node, depth);
    if (node === null || node === undefined) return none;
    const { anchor } = node as { readonly anchor?: string };
    const kept: { readonly node: Node; extent?: Extent } = { node };
    if (anchor !== undefined) this.anchored.set(anchor, kept);
    this.nodes++;
    kept.extent = this.extentOf(node, depth);
    return kept.extent;
  }

  private extentOf(node: Node, depth: number): Extent {
    const inside = childrenOf(node);
    if (inside.length > 0 && depth >= deepest) {
      this.report('too many lists and maps inside of one another', node.range, `at most ${deepest}`);
      return none;
    }
    let nodes = 1;
    let height = 0;
    for (const child of inside) {
      const extent = this.read(child, depth + 1);
      nodes += extent.nodes;
      height = Math.max(height, extent.height + 1);
    }
    return { nodes, height };
  }

  private alias(alias: Alias, depth: number): Extent {
    const name = `'*${alias.source.replace(/:$/, '')}'`;
    const kept = this.anchored.get(alias.source);
    if (kept === undefined) this.report(`${name} is an alias without an anchor`, alias.range, 'the word in quotes');
    else if (kept.extent === undefined)
      this.report(`${name} stands inside of what it is an alias of`, alias.range, 'no alias that leads back to itself');
    else if (depth + kept.extent.height > deepest) {
      this.report(`too many lists and maps inside of one another with ${name} put in`, alias.range, `at most ${deepest}`);
    } else if (this.nodes + kept.extent.nodes > mostNodes) {
      this.report(`more than ${mostNodes} words with ${name} put in`, alias.range, 'fewer aliases of aliases');
    } else {
      this.found.set(alias, kept.node);
      this.nodes += kept.extent.nodes;
      return kept.extent;
    }
    return none;
  }
}

function childrenOf(node: Node): readonly YamlNode[] {
  if (isMap(node)) return node.items.flatMap(({ key, value }) => [key as YamlNode, value as YamlNode]);
  return isSeq(node) ? (node.items as YamlNode[]) : [];
}
