// A part of the page that is scrolled by itself where it is wider or longer than its place.
import type { ComponentChildren } from 'preact';

interface ScrollerParts {
  readonly label: string;
  readonly look: string;
  readonly children: ComponentChildren;
}

export function Scroller({ label, look, children }: ScrollerParts) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by the keyboard
    <section class={look} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
