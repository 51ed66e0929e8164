// What a query carries whose answer somebody wants explained.

/** Takes notes of why a query is answered as it is. */
export interface Explained {
  /** One sentence in plain words, without a full stop: a rule that applied, an upstream that was asked. */
  note(text: string): void;
}
