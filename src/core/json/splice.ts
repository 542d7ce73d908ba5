/** Replaces the bytes from `start` to `end` (exclusive); equal offsets insert. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Applies splices without copying what stays: the result is slices of the original with the new texts between them.
 * @param splices must not overlap; any order
 */
export function spliced(bytes: Uint8Array, splices: readonly Splice[]): Uint8Array[] {
  const slices: Uint8Array[] = [];
  const encoder = new TextEncoder();
  let from = 0;
  for (const { start, end, text } of [...splices].sort((a, b) => a.start - b.start)) {
    if (start > from) slices.push(bytes.subarray(from, start));
    if (text !== "") slices.push(encoder.encode(text));
    from = end;
  }
  if (from < bytes.length) slices.push(bytes.subarray(from));
  return slices;
}
