/** A tokenizer's work grows faster than the text it is given at once; in pieces of this size it stays even. */
const SLICE_CHARACTERS = 1_000;
/** About 100,000 tokens. Of more text than this, as many slices evenly spread stand for the whole. */
const MAX_SLICES = 400;

export interface Sample {
  readonly slices: readonly string[];
  /** By how much the slices' count is to be multiplied; 1 where they are the whole text. */
  readonly scale: number;
}

/** Cuts texts for counting: whole, or a sample that bounds the work however long they are. */
export function sampleOf(texts: readonly string[]): Sample {
  const count = texts.reduce((sum, text) => sum + Math.ceil(text.length / SLICE_CHARACTERS), 0);
  const step = Math.max(1, count / MAX_SLICES);
  const slices: string[] = [];
  let index = 0;
  let next = 0;
  let taken = 0;
  let total = 0;
  for (const text of texts) {
    total += text.length;
    for (let at = 0; at < text.length; at += SLICE_CHARACTERS) {
      if (index >= Math.floor(next)) {
        const slice = text.slice(at, at + SLICE_CHARACTERS);
        slices.push(slice);
        taken += slice.length;
        next += step;
      }
      index += 1;
    }
  }
  return { slices, scale: taken === 0 ? 1 : total / taken };
}
