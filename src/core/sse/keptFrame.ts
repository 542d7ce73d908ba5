import { decodeFrame, type Frame, objectOf } from "./frame";

/** What larger frames hold is not kept beside them: a stream may be open for long, and thousands at once. */
const MOST_BYTES = 16 * 1024;

/** A frame that is kept, and read when somebody first wants to know what is in it. */
export class KeptFrame {
  private decoded: Frame | undefined;
  private parsed: { readonly object: Record<string, unknown> | undefined } | undefined;

  constructor(readonly bytes: Uint8Array) {}

  get frame(): Frame {
    const frame = this.decoded ?? decodeFrame(this.bytes);
    if (this.bytes.length <= MOST_BYTES) this.decoded = frame;
    return frame;
  }

  /** Its data as a JSON object, or undefined where it is not one. */
  get object(): Record<string, unknown> | undefined {
    const parsed = this.parsed ?? { object: objectOf(this.frame.data) };
    if (this.bytes.length <= MOST_BYTES) this.parsed = parsed;
    return parsed.object;
  }
}
