const LF = 0x0a;
const CR = 0x0d;

/** An event that has not ended by this many bytes is passed on in pieces rather than held. */
const MAX_HELD_BYTES = 8 * 1024 * 1024;
/** Of such an event, this much of its start and of its end is shown to the one who watches. */
const SHOWN_BYTES = 16 * 1024;

/**
 * Cuts a byte stream of server-sent events into frames (an event with its closing blank line) and says which bytes
 * may go out. An unfinished event is held until it is whole: no client can use half an event, and a stream that is
 * cut can then be ended with a well-formed error instead of a torn one. Bytes are never changed, only held.
 *
 * Line ends are LF, CRLF or CR (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 */
export class FrameSplitter {
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  /** Nothing but perhaps a CR has been seen on the current line. */
  private lineIsEmpty = true;
  /** The byte that ends lines; CR only where the first line end is a CR that no LF follows. */
  private lineEnd: typeof LF | typeof CR | undefined;
  private previousByte = 0;
  /** The start of an event too large to hold, part of which has gone out. */
  private oversized: Uint8Array | undefined;

  /** Part of an event too large to hold has gone out, and its end has not come: the stream cannot be ended well. */
  get hasSentPartOfFrame(): boolean {
    return this.oversized !== undefined;
  }

  /**
   * @param onFrame called for each whole frame, in order; false leaves the frame out. Of a frame too large to hold it
   *   gets the two ends, when it is over, and can no longer leave it out
   * @returns the bytes to send, in order, as slices where possible
   */
  push(chunk: Uint8Array, onFrame: (frame: Uint8Array) => boolean): Uint8Array[] {
    if (this.lineEnd === undefined) {
      this.lineEnd = this.findLineEnd(chunk);
      if (this.lineEnd === CR && this.previousByte === CR) this.lineIsEmpty = true;
    }
    const out: Uint8Array[] = [];
    let sendFrom = 0;
    let frameStart = 0;
    for (let end = this.nextFrameEnd(chunk, 0); end >= 0; end = this.nextFrameEnd(chunk, end)) {
      const spans = this.held.length > 0;
      const frame = spans ? this.takeHeld(chunk.subarray(0, end)) : chunk.subarray(frameStart, end);
      const keep =
        onFrame(this.oversized ? joined(this.oversized, frame.subarray(-SHOWN_BYTES)) : frame) ||
        this.oversized !== undefined;
      if (spans || !keep) {
        if (frameStart > sendFrom) out.push(chunk.subarray(sendFrom, frameStart));
        if (spans && keep) out.push(frame);
        sendFrom = end;
      }
      frameStart = end;
      this.oversized = undefined;
    }
    if (frameStart > sendFrom) out.push(chunk.subarray(sendFrom, frameStart));
    if (frameStart < chunk.length) this.hold(chunk.subarray(frameStart));
    this.previousByte = chunk.at(-1) ?? this.previousByte;
    if (this.heldBytes > MAX_HELD_BYTES) {
      const part = this.takeHeld();
      // The last bytes stay held, so that the frame's end can be shown when it comes.
      const sent = part.subarray(0, part.length - SHOWN_BYTES);
      this.oversized ??= sent.slice(0, SHOWN_BYTES);
      this.hold(part.subarray(sent.length));
      out.push(sent);
    }
    return out;
  }

  /** What has come of an event that never ended; empty if the stream stands at the end of one. */
  rest(): Uint8Array {
    return this.takeHeld();
  }

  private hold(bytes: Uint8Array): void {
    this.held.push(bytes);
    this.heldBytes += bytes.length;
  }

  private takeHeld(last?: Uint8Array): Uint8Array {
    const pieces = last ? [...this.held, last] : this.held;
    this.held = [];
    this.heldBytes = 0;
    return joined(...pieces);
  }

  /** Offset after the next blank line from `from` on, or -1. Leaves the state at the chunk's end. */
  private nextFrameEnd(chunk: Uint8Array, from: number): number {
    const lineEnd = this.lineEnd ?? LF;
    let lineStart = from;
    for (;;) {
      const at = chunk.indexOf(lineEnd, lineStart);
      if (at < 0) {
        if (hasContent(chunk, lineStart, chunk.length)) this.lineIsEmpty = false;
        return -1;
      }
      const blank = this.lineIsEmpty && !hasContent(chunk, lineStart, at);
      this.lineIsEmpty = true;
      lineStart = at + 1;
      if (blank) return lineStart;
    }
  }

  private findLineEnd(chunk: Uint8Array): typeof LF | typeof CR | undefined {
    // A CR at the very end of the last chunk is decided by the byte that now follows.
    if (this.previousByte === CR && chunk.length > 0) return chunk[0] === LF ? LF : CR;
    const lf = chunk.indexOf(LF);
    const cr = chunk.indexOf(CR);
    if (cr >= 0 && (lf < 0 || cr < lf)) {
      if (cr + 1 === chunk.length) return undefined;
      return chunk[cr + 1] === LF ? LF : CR;
    }
    return lf >= 0 ? LF : undefined;
  }
}

function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  if (only && pieces.length === 1) return only;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Whether a line has anything on it; a lone CR belongs to the line end. */
function hasContent(chunk: Uint8Array, start: number, end: number): boolean {
  return end - start > 1 || (end - start === 1 && chunk[start] !== CR);
}
