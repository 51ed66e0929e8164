// What this browser remembers of its reader: no more than a few words, and nothing secret.

export function remembered(word: string): string | undefined {
  try {
    return localStorage.getItem(`ferrydns.${word}`) ?? undefined;
  } catch {
    return undefined;
  }
}

export function rememberWord(word: string, value: string): void {
  try {
    localStorage.setItem(`ferrydns.${word}`, value);
  } catch {
    // A browser that keeps nothing asks again.
  }
}
