// Items of arrays and maps, and stretches of arrays and texts.
import { type Compiled, made } from './compiled.ts';
import { ExpressionError } from './expression-error.ts';
import type { Node } from './syntax.ts';
import { any, canBe, int, string, type Type, typeText } from './types.ts';
import { asArray, asInteger, asString } from './values.ts';

type ItemNode = Extract<Node, { readonly kind: 'item' }>;

/** An item of an array by its number, from the end where that is negative, or of a map by its key. */
export function compileItem(of: Compiled, index: Compiled, { isOptional, ...node }: ItemNode): Compiled {
  const { type } = of;
  const isArray = type.kind === 'array';
  if (!canBe(type, 'array', 'map', 'string')) throw new ExpressionError(`found ${typeText(type)}, which has no items`, of.span);
  const wanted: Type = type.kind === 'map' ? string : int;
  if (type.kind !== 'any' && !canBe(index.type, wanted.kind)) {
    throw new ExpressionError(`found ${typeText(index.type)}, expected ${typeText(wanted)}`, index.span);
  }
  const element = isArray ? type.element : type.kind === 'string' ? string : any;
  return made(element, [of, index], node, (subject, frame) => {
    const value = of.run(subject, frame);
    if (value === null && isOptional) return null;
    return itemOf(value, index.run(subject, frame));
  });
}

function itemOf(value: unknown, index: unknown): unknown {
  if (value instanceof Map) return value.get(asString(index)) ?? null;
  const items: ArrayLike<unknown> & { at(i: number): unknown } = typeof value === 'string' ? value : (asArray(value) as unknown[]);
  const item = items.at(asInteger(index));
  if (item === undefined) throw new Error(`there is no item ${index}: the length is ${items.length}`);
  return item;
}

/** A stretch of an array or a text, from one place to before another; negative places count from the end. */
export function compileSlice(of: Compiled, [from, to]: readonly (Compiled | undefined)[], node: Node): Compiled {
  if (!canBe(of.type, 'array', 'string')) throw new ExpressionError(`found ${typeText(of.type)}, expected an array or a string`, of.span);
  const ends = [from, to].filter((each) => each !== undefined);
  for (const { type, span } of ends) if (!canBe(type, 'int')) throw new ExpressionError(`found ${typeText(type)}, expected int`, span);
  return made(of.type, [of, ...ends], node, (subject, frame) => {
    const value = of.run(subject, frame);
    const place = (end: Compiled | undefined) => (end === undefined ? undefined : asInteger(end.run(subject, frame)));
    return typeof value === 'string' ? value.slice(place(from), place(to)) : asArray(value).slice(place(from), place(to));
  });
}
