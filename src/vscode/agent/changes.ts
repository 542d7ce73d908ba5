import { chmod, mkdir, readFile, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import * as vscode from "vscode";
import type { PermissionQuestion } from "../../core/agent/contract";
import { confirm } from "../ui/notify";

/** What is allowed to be changed. */
type Change = Pick<Extract<PermissionQuestion, { kind: "edit" }>, "path" | "from" | "deletes" | "newText">;

interface Content {
  readonly bytes: Buffer;
  readonly mode: number;
}

/** A file before the agent changed it, and as it may have left it. */
interface Changed {
  /** Undefined where there was none. */
  readonly before: Content | undefined;
  /** Undefined for none. Several, since what is allowed may not come about; none at all where it is not the agent's alone. */
  readonly after: readonly (string | undefined)[];
  /** That were not there, the innermost first. */
  readonly folders: readonly string[];
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
  async keep({ path, from, deletes, newText }: Change): Promise<void> {
    if (from !== undefined) await this.keepOne(from, undefined);
    if (deletes) await this.keepOne(path, undefined);
    else if (newText !== undefined) await this.keepOne(path, newText);
  }

  /** @returns files that it leaves alone, because somebody has changed them since */
  async undo(): Promise<readonly string[]> {
    const left: string[] = [];
    for (const [path, { before, after, folders }] of this.files) {
      const now = await contentOf(path);
      if (isSame(now, before)) continue;
      if (!after.includes(now?.bytes.toString())) left.push(path);
      else if (before) await restore(path, before);
      else await remove(path, folders);
    }
    this.files.clear();
    return left;
  }

  private async keepOne(path: string, text: string | undefined): Promise<void> {
    const now = await contentOf(path);
    const known = this.files.get(path);
    if (!known) {
      const folders = now ? [] : await missingFolders(path);
      this.files.set(path, { before: now, after: [text], folders });
    } else {
      // What somebody has written in between would be lost with it.
      const isOurs = isSame(now, known.before) || known.after.includes(now?.bytes.toString());
      this.files.set(path, { ...known, after: isOurs ? [...known.after, text] : [] });
    }
    this.changing();
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

async function contentOf(path: string): Promise<Content | undefined> {
  try {
    const [bytes, { mode }] = await Promise.all([readFile(path), stat(path)]);
    return { bytes, mode };
  } catch {
    return undefined;
  }
}

function isSame(one: Content | undefined, other: Content | undefined): boolean {
  return one === other || (one !== undefined && other !== undefined && one.bytes.equals(other.bytes));
}

async function restore(path: string, { bytes, mode }: Content): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const isNew = await writeFile(path, bytes, { flag: "wx" }).then(
    () => true,
    () => false,
  );
  if (isNew) await chmod(path, mode);
  else await writeFile(path, bytes);
}

async function remove(path: string, folders: readonly string[]): Promise<void> {
  await rm(path);
  // One in which something else is by now stays.
  for (const folder of folders) await rmdir(folder).catch(() => {});
}

async function missingFolders(path: string): Promise<string[]> {
  const folder = dirname(path);
  const isThere = await stat(folder).then(
    () => true,
    () => folder === path,
  );
  return isThere ? [] : [folder, ...(await missingFolders(folder))];
}
