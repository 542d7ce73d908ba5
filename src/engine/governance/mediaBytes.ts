/** Shorter runs are no images, and are counted as text. */
const MIN_RUN = 1_000;
const QUOTE = 0x22;

/**
 * How much of a request's body is base64 data of images and files, in bytes: models count those by what they show, not
 * by their length. Found by where the protocols have it: in `data:` URLs, and in members named `data` and `file_data`.
 */
export function mediaBytesIn(body: Buffer): number {
  if (body.length < MIN_RUN) return 0;
  return runsAfter(body, ";base64,") + runsAfter(body, 'data":"') + runsAfter(body, 'data": "');
}

function runsAfter(body: Buffer, mark: string): number {
  let sum = 0;
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at)) {
    const start = at + mark.length;
    const end = body.indexOf(QUOTE, start);
    const length = (end < 0 ? body.length : end) - start;
    // A `data:` URL in such a member is counted where its own data begins.
    if (length >= MIN_RUN && body.toString("latin1", start, start + 5) !== "data:") sum += length;
    at = start;
  }
  return sum;
}
