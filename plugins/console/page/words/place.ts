// Where something stands in a file.

/** "FILE:LINE" or a file without its folders; the whole is for whoever points at it. */
export function shortPlace(place: string): string {
  return place.replace(/^.*[/\\]/, '');
}
