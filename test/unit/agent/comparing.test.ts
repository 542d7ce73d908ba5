import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createComparer } from "../../../src/copilot/agent";
import type { ComparisonHost, ComparisonPlan } from "../../../src/core/agent/comparison";
import type { AgentRun, CopilotAgent } from "../../../src/core/agent/contract";
import { runCost } from "../../../src/core/agent/runCost";
import { DEFAULT_LIMITS, type TaskFile } from "../../../src/core/agent/taskFile";
import { temporaryFolder } from "../../support/gateway";
import { within } from "../../support/waiting";

let folder: ReturnType<typeof temporaryFolder>;
let work: string;
const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
    cwd: work,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });

beforeEach(() => {
  folder = temporaryFolder();
  work = join(folder.path, "work");
  mkdirSync(join(work, "test"), { recursive: true });
  git("init", "-q");
  writeFileSync(join(work, "test", "a.txt"), "as it was\n");
  git("add", "-A");
  git("commit", "-qm", "A test");
});
afterEach(() => folder.remove());

/** An agent that does to its checkout what is given. */
function agent(does: (run: AgentRun, signal: AbortSignal) => unknown): CopilotAgent {
  return {
    run: async (run, _host, signal) => {
      await does(run, signal);
      return signal.aborted ? { end: "cancelled", turns: 1 } : { end: "done", turns: 1 };
    },
    sessions: async () => [],
    forget: async () => {},
  };
}

function plan(task: Partial<TaskFile>, ...models: string[]): ComparisonPlan {
  const limits = DEFAULT_LIMITS;
  return {
    ...{ id: "compare-1", name: "t", folder: work, known: [], parallel: 2 },
    task: { prompt: "p", setup: [], check: [], protect: [], models: [], limits, ...task },
    models: models.map((id) => ({ id, protocol: "chat" })),
    gateway: { url: "http://127.0.0.1:9", key: "k" },
  };
}

const host: ComparisonHost = {
  onStep: () => {},
  cost: async () => runCost([]),
  onResult: async () => {},
};
const never = new AbortController().signal;
const compare = (plan: ComparisonPlan, by: CopilotAgent, about: Partial<ComparisonHost> = {}) =>
  createComparer(by, process.env).compare(plan, { ...host, ...about }, never);

describe("a comparison", () => {
  it("leaves alone the person's own worktrees, also one whose disk is not there just now", async () => {
    const mine = join(folder.path, "mine");
    git("worktree", "add", "-q", mine);
    renameSync(mine, `${mine}-elsewhere`);
    // Its checkout cannot be told for one any more, and is to go all the same.
    const breaks = agent((run) => execFileSync("rm", [join(run.folder, ".git")]));
    await compare(plan({}, "a/b"), breaks);
    expect(git("worktree", "list").trim().split("\n")).toEqual([
      expect.stringContaining(work),
      expect.stringContaining(mine),
    ]);
  });

  it("waits for a worktree that another process is just making, or taking away", async () => {
    // As git has it between two steps of its own; every `git worktree` fails until they are done.
    const half = join(work, ".git", "worktrees", "half");
    mkdirSync(half, { recursive: true });
    writeFileSync(join(half, "commondir"), "");
    writeFileSync(join(half, "gitdir"), join(folder.path, "half", ".git"));
    setTimeout(() => rmSync(half, { recursive: true, force: true }), 300);
    const [run] = await compare(
      plan({ check: ["true"] }, "a/b"),
      agent(() => {}),
    );
    expect(run).toMatchObject({ passed: true });
  });

  it("touches no index but its checkout's, also where that is in a repository and its .git is gone", async () => {
    const temporary = join(work, "tmp");
    mkdirSync(temporary);
    vi.stubEnv("TMPDIR", temporary);
    vi.stubEnv("TEMP", temporary);
    let environment: AgentRun["environment"];
    const breaks = agent((run) => {
      ({ environment } = run);
      rmSync(join(run.folder, ".git"), { recursive: true });
      writeFileSync(join(run.folder, "test", "a.txt"), "changed\n");
    });
    const before = git("ls-files", "--stage");
    const [run] = await compare(plan({ check: ["! git add --all"], protect: ["test"] }, "a/b"), breaks);
    vi.unstubAllEnvs();
    expect(git("ls-files", "--stage")).toBe(before);
    expect(run).toMatchObject({ passed: true, filesChanged: 1 });
    expect(run?.diff).toContain("+changed");
    expect(environment?.GIT_CEILING_DIRECTORIES).toContain(temporary);
  });

  it("works in the folder that was opened, which may lie deep in the repository", async () => {
    const part = join(work, "packages", "one");
    mkdirSync(join(part, "test"), { recursive: true });
    writeFileSync(join(part, "test", "b.txt"), "as it was\n");
    git("add", "-A");
    git("commit", "-qm", "A package");
    const changes = agent((run) => {
      writeFileSync(join(run.folder, "test", "b.txt"), "changed\n");
      writeFileSync(join(run.folder, "..", "..", "test", "a.txt"), "changed\n");
    });
    const task = { setup: ["ls test/b.txt"], check: ["git diff --exit-code -- test"], protect: ["test"] };
    const [run] = await compare({ ...plan(task, "a/b"), folder: part }, changes);
    expect(run).toMatchObject({ passed: true, filesChanged: 2 });
    mkdirSync(join(work, "new"));
    await expect(compare({ ...plan(task, "a/b"), folder: join(work, "new") }, changes)).rejects.toThrow(
      /new is not in the commit/,
    );
  });

  it("puts back what is protected, a folder as well, and nothing else", async () => {
    writeFileSync(join(work, "[id].txt"), "as it was\n");
    writeFileSync(join(work, "i.txt"), "as it was\n");
    git("add", "-A");
    git("commit", "-qm", "A name that looks like a pattern");
    const changes = agent((run) => {
      for (const name of ["[id].txt", "i.txt"]) writeFileSync(join(run.folder, name), "changed\n");
      writeFileSync(join(run.folder, "test", "a.txt"), "changed\n");
      writeFileSync(join(run.folder, "test", "b.txt"), "new\n");
    });
    const check = ["git diff --name-only HEAD; git diff --exit-code HEAD -- test", "test ! -e test/b.txt"];
    const [run] = await compare(plan({ check, protect: ["./test/", "[id].txt"] }, "a/b"), changes);
    expect(run).toMatchObject({ passed: true, filesChanged: 4 });
    const [again] = await compare(
      plan({ check: ["git diff --name-only HEAD; false"], protect: ["test", "[id].txt"] }, "a/b"),
      changes,
    );
    expect(again).toMatchObject({ passed: false, output: "i.txt" });
  });

  it("takes what git warns of for no part of its answers", async () => {
    git("config", "core.fsyncObjectFiles", "true");
    const changes = agent((run) => writeFileSync(join(run.folder, "new.txt"), "1\n"));
    const [run] = await compare(plan({ check: ["test -e new.txt"] }, "a/b"), changes);
    expect(run).toMatchObject({ passed: true, filesChanged: 1, linesAdded: 1 });
    expect(run?.folder).toBe(realpathSync(work));
    expect(run?.diff).toMatch(/^diff --git /);
  });

  it("checks the work of a model that has begun a repository of its own", async () => {
    const begins = agent((run) => {
      execFileSync("git", ["init", "-q", join(run.folder, "app")]);
      writeFileSync(join(run.folder, "app", "a.txt"), "1\n");
      writeFileSync(join(run.folder, "b.txt"), "1\n");
    });
    const [run] = await compare(plan({ check: ["test -e app/a.txt"] }, "a/b"), begins);
    expect(run).toMatchObject({ passed: true, filesChanged: 1 });
  });

  // Of two that begin at once one fails now and then: git lists the worktrees, and reads what the other is still writing.
  it.skipIf(process.platform === "win32")("has git make and remove one checkout at a time", async () => {
    const bin = join(folder.path, "bin");
    mkdirSync(bin);
    const [busy, overlaps] = [join(folder.path, "busy"), join(folder.path, "overlaps")];
    const real = execFileSync("which", ["git"], { encoding: "utf8" }).trim();
    const script = [
      "#!/bin/sh",
      `case " $* " in *" worktree "*) ;; *) exec ${real} "$@" ;; esac`,
      `mkdir ${busy} 2>/dev/null || echo "$*" >> ${overlaps}`,
      `${real} "$@"; code=$?; sleep 0.05; rmdir ${busy} 2>/dev/null; exit $code`,
    ];
    writeFileSync(join(bin, "git"), `${script.join("\n")}\n`, { mode: 0o755 });
    const environment = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
    const four = { ...plan({}, "a/1", "a/2", "a/3", "a/4"), parallel: 4 };
    const runs = await createComparer(
      agent(() => {}),
      environment,
    ).compare(four, host, never);
    expect(runs.map(({ passed }) => passed)).toEqual([true, true, true, true]);
    expect(existsSync(overlaps) ? readFileSync(overlaps, "utf8") : "").toBe("");
  });

  it("ends what the other models do before it tells of a fault of its own", async () => {
    let other: AgentRun | undefined;
    let ended = false;
    const fault = new Error("the ledger is gone");
    const result = compare(
      plan({}, "a/fast", "b/slow"),
      agent(async (run, signal) => {
        if (run.model === "a/fast") return;
        other = run;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        ended = existsSync(run.folder);
      }),
      {
        cost: async () => {
          while (!other) await new Promise((resolve) => setTimeout(resolve, 5));
          throw fault;
        },
      },
    );
    await expect(within(result, "the end of the comparison")).rejects.toBe(fault);
    expect(ended).toBe(true);
    expect(git("worktree", "list").trim().split("\n")).toHaveLength(1);
  });
});
