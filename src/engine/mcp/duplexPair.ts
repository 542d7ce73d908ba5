import { Duplex } from "node:stream";

/** One end of a pair: what is written to it is read at the other one. */
class Side extends Duplex {
  private other: Side | undefined;
  /** Goes on with writing when the other end has been read. */
  private taken: (() => void) | undefined;

  join(other: Side): void {
    this.other = other;
  }

  override _read(): void {
    const { taken } = this;
    this.taken = undefined;
    taken?.();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    const { other } = this;
    if (!other || other.destroyed) done(new Error("The other end is closed."));
    else if (chunk.length === 0) process.nextTick(done);
    else {
      other.taken = done;
      other.push(chunk);
    }
  }

  override _final(done: (error?: Error | null) => void): void {
    this.other?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { other, taken } = this;
    this.other = undefined;
    this.taken = undefined;
    taken?.();
    // As with a socket: who is at the other end learns of it, but not why.
    if (other && !other.destroyed) process.nextTick(() => other.destroy());
    done(error);
  }
}

/** Two ends of a connection within the process. Node has `stream.duplexPair` only from 22.6 on. */
export function duplexPair(): [Duplex, Duplex] {
  const one = new Side();
  const other = new Side();
  one.join(other);
  other.join(one);
  return [one, other];
}
