// Small drawings of one stroke, beside words or with a hidden one.

const paths = {
  ferry: 'M3 14h18l-3 5H6zM8 14V9h3v5M13 14V7h3v7',
  menu: 'M4 7h16M4 12h16M4 17h16',
  keys: 'M3 7h18v10H3zM6.5 10.5h.01M10 10.5h.01M14 10.5h.01M17.5 10.5h.01M8 14h8',
  moon: 'M20 14.5A8 8 0 1 1 9.5 4a6.5 6.5 0 0 0 10.5 10.5z',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4',
  half: 'M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16M12 4v16',
  overview: 'M4 19V5M4 19h16M8 15l3.5-4 3 2.5L20 8',
  queries: 'M4 6h16M4 11h16M4 16h9M16 17.5a2 2 0 1 0 0-.1zM18 19l2.5 2.5',
  moves: 'M3 8h12M12 4.5 15.5 8 12 11.5M21 16H9M12 12.5 8.5 16l3.5 3.5',
  pools: 'M5 5h14v5H5zM5 14h14v5H5zM8 7.5h.01M8 16.5h.01',
  shadow: 'M4 4h10v10H4zM10 10h10v10H10z',
  explain: 'M5 5h5v4H5zM14 15h5v4h-5zM7.5 9v8H14M7.5 12h9v3',
  configuration: 'M7 3h8l4 4v14H7zM15 3v4h4M10 12h6M10 16h6',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
