import { join } from "node:path";
import { Ledger, type LedgerOptions } from "../../src/engine/ledger/ledger";
import { EngineLog } from "../../src/engine/log/log";
import { temporaryFolder } from "./gateway";

/** Ledgers for the tests of one file, in folders of their own; close them after each test, remove them after all. */
export class Ledgers {
  readonly log = new EngineLog(Date.now);
  private readonly folder = temporaryFolder();
  private readonly opened: Ledger[] = [];
  private folders = 0;

  /** A path where nothing is yet. */
  newFolder(): string {
    this.folders += 1;
    return join(this.folder.path, String(this.folders));
  }

  open(folder: string | undefined, options: Partial<LedgerOptions> = {}): Ledger {
    const ledger = new Ledger({ folder, log: this.log, ...options });
    this.opened.push(ledger);
    return ledger;
  }

  reopen(ledger: Ledger, folder: string, options: Partial<LedgerOptions> = {}): Ledger {
    this.close(ledger);
    return this.open(folder, options);
  }

  close(ledger: Ledger): void {
    this.opened.splice(this.opened.indexOf(ledger), 1);
    ledger.close();
  }

  closeAll(): void {
    for (const ledger of this.opened.splice(0)) ledger.close();
  }

  remove(): void {
    this.folder.remove();
  }
}

/** A clock that tests set. */
export class Clock {
  constructor(public now: number) {}

  readonly read = (): number => this.now;
}
