import { readFile, rm, writeFile } from "node:fs/promises";
import * as vscode from "vscode";
import { confirm } from "../ui/notify";

/** A file before the agent changed it, and as it left it. */
interface Changed {
  /** Undefined where there was none. */
  readonly before: Buffer | undefined;
  readonly after: string;
}

/** What the changes of one run have replaced, so that they can be undone. In memory only. */
export class Changes {
  private readonly files = new Map<string, Changed>();

  /** @param changing called when a change is about to be made */
  constructor(private readonly changing: () => void = () => {}) {}

  get paths(): readonly string[] {
    return [...this.files.keys()];
  }

  /** Called before a change is made that is allowed. */
  async keep(path: string, after: string): Promise<void> {
    const before = this.files.has(path) ? this.files.get(path)?.before : await contentOf(path);
    this.files.set(path, { before, after });
    this.changing();
  }

  /** @returns files that it leaves alone, because somebody has changed them since */
  async undo(): Promise<readonly string[]> {
    const left: string[] = [];
    for (const [path, { before, after }] of this.files) {
      if ((await contentOf(path))?.toString() !== after) left.push(path);
      else if (before === undefined) await rm(path);
      else await writeFile(path, before);
    }
    this.files.clear();
    return left;
  }
}

/** Knows which run has changed something last. */
export class LastChanges {
  private last: Changes | undefined;

  /** The changes of a run that begins. */
  begin(): Changes {
    const changes: Changes = new Changes(() => {
      this.last = changes;
    });
    return changes;
  }

  /** Undoes the changes of the run that changed something last, once the person agrees. */
  async undo(): Promise<void> {
    const names = (paths: readonly string[]) =>
      paths.map((path) => vscode.workspace.asRelativePath(path)).join("\n");
    const { last } = this;
    if (!last || last.paths.length === 0)
      throw new Error("The agent has changed nothing that could be undone.");
    if (!(await confirm("Undo the changes of Copilot's agent?", names(last.paths), "Undo Changes"))) return;
    const left = await last.undo();
    if (left.length > 0) throw new Error(`Changed since then, and left alone: ${names(left)}`);
  }
}

function contentOf(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch(() => undefined);
}
