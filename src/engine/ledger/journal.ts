import { closeSync, fstatSync, ftruncateSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { logSafeText } from "../../core/errors";
import type { Log } from "../log/log";
import { journalName, type Line } from "./leftJournals";

/** Where nothing can be written to the database for long, the journal stops growing here, in bytes. */
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * What began and what has settled since the database was written last, in a file beside it: an engine that is killed
 * loses none of it, since what a process has handed to the system outlives the process. It is no more than that:
 * emptied with each write of the database, and read only by a later engine.
 *
 * What is told in one turn of the event loop is written at the end of that turn: what began is there before its answer
 * can come. Nothing here throws: without a journal the ledger is as good as its last write.
 */
export class Journal {
  private readonly path: string;
  private file: number | undefined;
  private bytes = 0;
  private failed = false;
  private lines: Line[] = [];
  private turn: NodeJS.Immediate | undefined;

  /** @param engine this engine's id */
  constructor(
    folder: string,
    engine: string,
    private readonly log: Log,
  ) {
    this.path = join(folder, journalName(process.pid, engine));
  }

  /** A request is about to go out, or is over and has its row. */
  note(line: Line): void {
    this.lines.push(line);
    this.turn ??= setImmediate(() => this.write());
  }

  /** Everything that was told is in the database. */
  clear(): void {
    this.lines = [];
    if (this.file === undefined) this.failed = false;
    else if (this.bytes > 0 || this.failed) this.tried(this.file, (file) => this.empty(file));
  }

  private empty(file: number): void {
    ftruncateSync(file);
    this.bytes = 0;
    this.failed = false;
    // Somebody has emptied the folder: what is written to a file without a name is found by nobody.
    if (fstatSync(file).nlink === 0) this.leave();
  }

  /**
   * @param needed there is something in it that the database has not
   * @returns whether it was needed, and a later engine finds all of it
   */
  close(needed: boolean): boolean {
    this.write();
    const isWhole = this.file !== undefined && !this.failed && this.bytes <= MOST_BYTES;
    this.leave();
    if (!needed) this.tried(this.path, (path) => rmSync(path, { force: true }));
    return needed && isWhole;
  }

  private write(): void {
    clearImmediate(this.turn);
    this.turn = undefined;
    const { lines } = this;
    this.lines = [];
    if (lines.length === 0 || this.failed || this.bytes > MOST_BYTES) return;
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    this.tried(this.file, (file = openSync(this.path, "wx", 0o600)) => {
      this.file = file;
      // A position of its own: appending files cannot be truncated on Windows.
      const written = writeSync(file, text, this.bytes);
      this.bytes += written;
      if (written < Buffer.byteLength(text)) throw new Error("the disk is full");
    });
  }

  private leave(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
    this.bytes = 0;
  }

  private tried<File>(file: File, work: (file: File) => void): void {
    try {
      work(file);
    } catch (error) {
      // Told of with the database, which is on the same disk.
      if (!this.failed) this.log.info(`the ledger's journal cannot be written: ${logSafeText(error)}`);
      this.failed = true;
    }
  }
}
