/** What somebody may do: see everything, or change what is so as well. */
export type Role = 'reader' | 'operator';
