import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { EndOfTurn, Waiting } from "./endOfTurn";
import type { Head, Piece } from "./lane";

const STALLED_MS = 10 * 60_000;

/** What feeds a client, and can be told to wait for it. */
export interface Source {
  pause(): unknown;
  resume(): unknown;
}

/** The client's end of a relayed answer: what it is sent, whether it keeps up, and when it has gone. */
export class ClientSide implements Waiting {
  private begunAt: number | undefined;
  private waiting = false;
  private patience: NodeJS.Timeout | undefined;
  /** The connection, while what was written in this turn waits for the turn's end. */
  private gathering: Socket | undefined;
  /** What is to end the answer when the turn does. */
  private ending: { readonly last: string | undefined } | undefined;

  /**
   * @param turn when what was written goes out
   * @param onClosed called once the answer is over, or its connection
   * @param stalledMs how long it may take nothing before it is let go
   */
  constructor(
    private readonly response: ServerResponse,
    private readonly turn: EndOfTurn,
    private readonly onClosed: () => void,
    private readonly stalledMs = STALLED_MS,
  ) {}

  watch(): void {
    this.response.once("close", this.closed);
    // An answer that waits behind another on its connection is not told by Node 20 that the connection has gone.
    this.response.req.socket.once("close", this.closed);
  }

  /** Many attempts may be made for one client; each that has failed lets go of it. */
  unwatch(): void {
    this.response.off("close", this.closed);
    this.response.req.socket.off("close", this.closed);
  }

  get hasGone(): boolean {
    return this.response.destroyed || this.response.req.socket.destroyed;
  }

  /** Whether it has been sent anything, of this answer or of another. */
  get hasBegun(): boolean {
    return this.response.headersSent;
  }

  /** When it was sent the first byte, on the clock of `performance`. */
  get firstByteAt(): number | undefined {
    return this.begunAt;
  }

  /** Whether what feeds it is waiting for it. */
  get isBehind(): boolean {
    return this.waiting;
  }

  begin({ status, headers }: Head): void {
    this.begunAt = performance.now();
    this.response.writeHead(status, headers);
  }

  /** @returns whether it keeps up */
  write(piece: Piece): boolean {
    this.gather();
    return this.response.write(piece);
  }

  /** The headers alone, so that it knows that an answer is coming. */
  flush(): void {
    this.response.flushHeaders();
  }

  end(last?: string): void {
    this.gather();
    this.ending = { last };
  }

  /** Ends the connection: the honest end of an answer that cannot be ended in its protocol. */
  drop(): void {
    this.atEndOfTurn();
    this.response.destroy();
  }

  private gather(): void {
    if (this.gathering) return;
    this.gathering = this.response.req.socket;
    this.gathering.cork();
    this.turn.add(this);
  }

  /** Everything that was written in this turn goes out. */
  atEndOfTurn(): void {
    const { gathering, ending } = this;
    this.gathering = undefined;
    this.ending = undefined;
    // Node writes all of it when an answer ends.
    if (ending) this.response.end(ending.last);
    gathering?.uncork();
  }

  /** It is slower than the provider: whatever feeds it stops, and goes on when it has caught up. */
  letCatchUp(source: Source | undefined): void {
    if (this.waiting) return;
    this.waiting = true;
    source?.pause();
    // It holds a place among the running requests, and what it does not take is held in memory.
    this.patience = setTimeout(() => this.drop(), this.stalledMs);
    this.response.once("drain", () => {
      clearTimeout(this.patience);
      this.waiting = false;
      source?.resume();
    });
  }

  private readonly closed = (): void => {
    clearTimeout(this.patience);
    this.unwatch();
    this.onClosed();
  };
}
