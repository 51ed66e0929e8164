// Tables that are wider than the screen are scrolled inside their frame.
import type { ComponentChildren } from 'preact';
import { Scroller } from './scroller.tsx';

export interface Column {
  readonly name: string;
  /** Numbers stand at the right. */
  readonly number?: boolean;
}

export function Table({
  label,
  columns,
  children,
  dense = false,
}: {
  readonly label: string;
  readonly columns: readonly Column[];
  readonly children: ComponentChildren;
  readonly dense?: boolean;
}) {
  return (
    <Scroller look="scroll" label={label}>
      <table class={dense ? 'dense' : ''}>
        <thead>
          <tr>
            {columns.map(({ name, number }) => (
              <th key={name} scope="col" class={number === true ? 'number' : ''}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </Scroller>
  );
}
