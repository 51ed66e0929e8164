// The names that the applications know, and where their databases are: at A before the move, at B after it.

export type Side = 'A' | 'B';

/** The four addresses, as database.yaml has them. */
export const places = {
  'primary.db.example.org': { A: '127.0.0.2', B: '127.0.0.4' },
  'replica.db.example.org': { A: '127.0.0.3', B: '127.0.0.5' },
} as const;

export type DatabaseName = keyof typeof places;

export const names = Object.keys(places) as readonly DatabaseName[];

export function addressesOf(side: Side): string[] {
  return Object.values(places).map((each) => each[side]);
}

export function sideOf(address: string): Side {
  return addressesOf('A').includes(address) ? 'A' : 'B';
}
