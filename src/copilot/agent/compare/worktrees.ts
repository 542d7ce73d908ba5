import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, posix } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PosternError } from "../../../core/errors";
import { Turns } from "../../../core/turns";
import { isInside } from "../permission";
import { runProgram } from "./commands";

const GIT_MS = 120_000;
/** A longer diff is cut: it is for a person to look at. */
const MAX_DIFF = 1_000_000;
const PREFIX = "postern-task-";
/** `git worktree` fails while another process is making a worktree of the same repository. */
const TRIES = 6;
const BETWEEN_TRIES_MS = 50;

/**
 * A repository's own settings may name programs: hooks, file monitors, external diffs. None of them runs for us.
 * https://git-scm.com/docs/git-config
 */
const SAFELY = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "diff.external="];

export interface DiffOfWork {
  readonly diff: string;
  readonly filesChanged: number;
  readonly linesAdded: number;
  readonly linesRemoved: number;
}

/** Checkouts of a repository beside its working tree, which is never touched. */
export class Worktrees {
  /** Git reads what all worktrees have written of themselves: half of it, where one is made just then. */
  private readonly turns = new Turns();
  /** Where git keeps what it knows of each checkout, its index among it. */
  private readonly gitFolders = new Map<string, string>();

  private constructor(
    /** The repository's topmost folder. */
    readonly root: string,
    /** What is checked out. */
    readonly commit: string,
    /** The way from the topmost folder to the one that was opened: empty, or with "/" at its end. */
    readonly prefix: string,
    private readonly environment: Readonly<Record<string, string>>,
    /** What the checkouts are in. */
    readonly home: string,
  ) {}

  /** @throws PosternError invalid_request where there is no repository with a commit */
  static async open(folder: string, environment: Readonly<Record<string, string>>): Promise<Worktrees> {
    const ask = async (...args: string[]): Promise<string> => {
      const { code, output, answer } = await git(folder, environment, args);
      if (code !== 0)
        throw new PosternError(
          "invalid_request",
          `${folder} is no git repository with a commit: ${lastLine(output)}`,
        );
      return answer.trim();
    };
    const root = await ask("rev-parse", "--show-toplevel");
    const commit = await ask("rev-parse", "--verify", "HEAD^{commit}");
    const prefix = await ask("rev-parse", "--show-prefix");
    const { code } = await git(root, environment, ["cat-file", "-e", `${commit}:${prefix}`]);
    if (code !== 0)
      throw new PosternError(
        "invalid_request",
        `${folder} is not in the commit that is checked out: commit it first`,
      );
    const trees = new Worktrees(
      root,
      commit,
      prefix,
      environment,
      mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`)),
    );
    await trees.removeLeftBehind();
    return trees;
  }

  /** A fresh checkout of the commit. @returns its folder @throws PosternError invalid_request */
  async add(name: string): Promise<string> {
    const path = join(this.home, name);
    const { code, output } = await this.worktree("add", "--detach", "--force", path, this.commit);
    if (code !== 0) throw new PosternError("invalid_request", `git worktree failed: ${lastLine(output)}`);
    // Before anybody else is in there: without its .git git would take the next repository above for this one.
    const { answer: gitFolder } = await this.git(path, ["rev-parse", "--absolute-git-dir"]);
    this.gitFolders.set(path, gitFolder.trim());
    return path;
  }

  /** Puts paths of the opened folder back as in the commit; what the commit does not have is taken away. */
  async restore(path: string, paths: readonly string[]): Promise<void> {
    for (const one of paths.map((below) => posix.join(this.prefix, below))) {
      // Through a link that the work has put there something else would be deleted.
      if (!isInside(join(path, one), path))
        throw new PosternError(
          "invalid_request",
          `${one} leads out of the checkout now, and cannot be put back`,
        );
      const { answer } = await this.git(path, ["ls-tree", "--name-only", this.commit, "--", one]);
      rmSync(join(path, one), { recursive: true, force: true });
      if (answer.trim() !== "") await this.must(path, "checkout", this.commit, "--", one);
    }
  }

  /** Remembers the state of a checkout. @returns id of a tree that `diff` can be asked against */
  async snapshot(path: string): Promise<string> {
    await this.stage(path);
    const { code, output, answer } = await this.git(path, ["write-tree"]);
    if (code !== 0) throw new PosternError("invalid_request", `git write-tree failed: ${lastLine(output)}`);
    return answer.trim();
  }

  /** What is different from a snapshot now, whether it was committed or not; without what git is told to ignore. */
  async diff(path: string, snapshot: string): Promise<DiffOfWork> {
    await this.stage(path);
    const compare = ["diff", "--cached", "--no-ext-diff", "--no-textconv", "--no-color"];
    const { answer: numbers } = await this.git(path, [...compare, "--numstat", snapshot], MAX_DIFF);
    const { answer: diff } = await this.git(path, [...compare, snapshot], MAX_DIFF + 1);
    const rows = numbers.split("\n").flatMap((line) => {
      const [, added, removed] = /^(\d+|-)\t(\d+|-)\t/.exec(line) ?? [];
      return added === undefined ? [] : [{ added: Number(added) || 0, removed: Number(removed) || 0 }];
    });
    return {
      diff: diff.length > MAX_DIFF ? `… the beginning is left out\n${diff.slice(-MAX_DIFF)}` : diff,
      filesChanged: rows.length,
      linesAdded: rows.reduce((sum, { added }) => sum + added, 0),
      linesRemoved: rows.reduce((sum, { removed }) => sum + removed, 0),
    };
  }

  /** Not by `git worktree prune`, which forgets also those of the person's whose disk is not there just now. */
  async remove(path: string): Promise<void> {
    rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    this.gitFolders.delete(path);
    await this.worktree("remove", "--force", "--force", path);
  }

  async close(): Promise<void> {
    for (const name of readdirSync(this.home)) await this.remove(join(this.home, name));
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Of comparisons that were killed: their folders bear the number of a process that is no more. */
  private async removeLeftBehind(): Promise<void> {
    const { answer } = await this.worktree("list", "--porcelain");
    for (const [, path = ""] of answer.matchAll(/^worktree (.+)$/gm)) {
      const home = basename(dirname(path));
      const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(home)?.[1];
      if (pid === undefined || isAlive(Number(pid)) || path.split(/[\\/]/).includes("..")) continue;
      await this.remove(path);
      rmSync(dirname(path), { recursive: true, force: true });
    }
  }

  /** But for what git cannot take in, such as a repository within that has no commit yet: it ends with 1 then. */
  private async stage(path: string): Promise<void> {
    const { code, output } = await this.git(path, ["add", "--all", "--ignore-errors"]);
    if (code !== 0 && code !== 1)
      throw new PosternError("invalid_request", `git add failed: ${lastLine(output)}`);
  }

  private worktree(...args: string[]) {
    return this.turns.take(async () => {
      for (let tries = 1; ; tries += 1) {
        const done = await this.git(this.root, ["worktree", ...args], MAX_DIFF);
        if (done.code === 0 || tries === TRIES) return done;
        // Not all who wait try again at the same moment.
        await pause(BETWEEN_TRIES_MS * tries * (1 + Math.random()));
      }
    });
  }

  private async must(folder: string, ...args: string[]): Promise<void> {
    const { code, output } = await this.git(folder, args);
    if (code !== 0) throw new PosternError("invalid_request", `git ${args[0]} failed: ${lastLine(output)}`);
  }

  private git(folder: string, args: readonly string[], keep?: number) {
    const own = this.gitFolders.get(folder);
    const pinned = own === undefined ? [] : [`--git-dir=${own}`, `--work-tree=${folder}`];
    return git(folder, this.environment, [...pinned, ...args], keep);
  }
}

function git(
  folder: string,
  environment: Readonly<Record<string, string>>,
  args: readonly string[],
  keep?: number,
) {
  return runProgram("git", [...SAFELY, "-C", folder, ...args], {
    // Windows looks for a program in the folder it is started in first: it must not be the repository.
    folder: tmpdir(),
    environment: { ...environment, GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0" },
    milliseconds: GIT_MS,
    // Tidying up goes on after a cancel.
    signal: new AbortController().signal,
    ...(keep === undefined ? {} : { keep }),
  });
}

function lastLine(output: string): string {
  return output.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
