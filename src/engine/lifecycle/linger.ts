/** How soon an engine that is only waiting for running requests looks again. */
const BUSY_MS = 500;

/** Decides when an engine that no window needs any more goes. */
export class Linger {
  private timer: NodeJS.Timeout | undefined;
  private seconds: number;
  private keepRunning = false;
  private windows = 0;

  /**
   * @param busy whether requests are running; while they do the engine stays
   * @param leave called once, when it is time
   */
  constructor(
    private readonly maxSeconds: number,
    private readonly busy: () => boolean,
    private readonly leave: () => void,
  ) {
    this.seconds = maxSeconds;
    this.arm();
  }

  configure(lingerSeconds: number, keepRunning: boolean): void {
    this.seconds = Math.min(lingerSeconds, this.maxSeconds);
    this.keepRunning = keepRunning;
    this.arm();
  }

  windowsChanged(count: number): void {
    this.windows = count;
    this.arm();
  }

  private arm(milliseconds = this.seconds * 1000): void {
    clearTimeout(this.timer);
    if (this.windows > 0 || this.keepRunning) return;
    this.timer = setTimeout(() => {
      if (this.busy()) this.arm(Math.max(milliseconds, BUSY_MS));
      else this.leave();
    }, milliseconds);
  }
}
