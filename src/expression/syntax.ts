// The tree that an expression is read into.
import type { Span } from './expression-error.ts';

/** A part of an expression that has a value. */
export type Node = Span &
  (
    | { readonly kind: 'value'; readonly value: string | number | boolean | null; readonly isFloat?: boolean }
    | { readonly kind: 'name'; readonly name: string }
    /** The element that a predicate looks at ("#"), or its place ("#index"). */
    | { readonly kind: 'element'; readonly name: string }
    | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[]; readonly nameSpan: Span }
    | { readonly kind: 'array'; readonly items: readonly Node[] }
    | { readonly kind: 'map'; readonly entries: readonly { readonly key: Node; readonly value: Node }[] }
    | { readonly kind: 'unary'; readonly operator: string; readonly operand: Node }
    | { readonly kind: 'binary'; readonly operator: string; readonly left: Node; readonly right: Node }
    /** Operands that are all joined by "and", or all by "or". */
    | { readonly kind: 'logic'; readonly operator: 'and' | 'or'; readonly operands: readonly Node[] }
    | { readonly kind: 'choice'; readonly condition: Node; readonly then: Node; readonly otherwise: Node }
    | { readonly kind: 'item'; readonly of: Node; readonly index: Node; readonly isOptional: boolean }
    | { readonly kind: 'slice'; readonly of: Node; readonly from: Node | undefined; readonly to: Node | undefined }
    | { readonly kind: 'let'; readonly name: string; readonly value: Node; readonly body: Node }
  );
