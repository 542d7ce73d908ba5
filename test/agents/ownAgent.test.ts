import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createAgent } from "../../src/copilot/agent";
import type { PermissionQuestion } from "../../src/core/agent/contract";
import { ASK_ALWAYS, isAllowed } from "../../src/core/agent/permissions";
import { cleanEnvironment, cliFile, providerEntry, run, temporaryFolder } from "../support/gateway";
import { PROVIDER_KEY } from "../support/keys";
import type { ReplayProvider } from "../support/replayProvider";
import type { Script } from "../support/scripted/turn";
import { ScriptedProvider } from "../support/scriptedProvider";
import { eventually, within } from "../support/waiting";
import { runtimePath } from "./sdkRuntime";

let provider: ScriptedProvider;
let folder: ReturnType<typeof temporaryFolder>;
let work: string;

const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
    cwd: work,
    encoding: "utf8",
  });

beforeAll(async () => {
  provider = await ScriptedProvider.start(() => ({ text: "unset" }));
});
afterAll(() => provider?.stop());
beforeEach(() => {
  folder = temporaryFolder();
  work = join(folder.path, "work");
  mkdirSync(work);
  git("init", "-q");
  writeFileSync(join(work, "sum.js"), "module.exports = (a, b) => a - b;\n");
  writeFileSync(
    join(work, "test.js"),
    'if (require("./sum")(2, 3) !== 5) { console.log("2 and 3 are not 5"); process.exit(1); }\n',
  );
  git("add", "-A");
  git("commit", "-qm", "A sum that is wrong");
});
afterEach(() => folder.remove());

const MODELS = { chat: "own-llm", responses: "gpt-5.1", messages: "claude-sonnet-4-5" } as const;

const DOT =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function configFile(more: object = {}): string {
  const entry = (id: keyof typeof MODELS, about: object) =>
    providerEntry(provider.url, {
      id,
      models: [{ id: MODELS[id], price: { input: 1, cachedInput: 1, output: 2 } }],
      ...about,
    });
  const providers = [
    entry("chat", {}),
    entry("responses", { wireApi: "responses" }),
    entry("messages", { type: "anthropic" }),
  ];
  const file = join(folder.path, "postern.json");
  writeFileSync(file, JSON.stringify({ providers, dataDir: join(folder.path, "data"), ...more }));
  return file;
}

const postern = (...args: string[]) =>
  run(process.execPath, [cliFile, ...args], {
    COPILOT_CLI_PATH: runtimePath(),
    HOME: folder.path,
    OPENAI_API_KEY: "sk-of-the-person",
  });

/** Looks, mends, and says what it did. */
const mend: Script = (seen) => {
  const path = /\/[^\s"]*postern-task-[^\s"<\\]+/.exec(JSON.stringify(seen.body))?.[0] ?? work;
  const file = join(path, "sum.js");
  if (seen.results.length === 0)
    return { text: "I look.", calls: [{ name: "view", input: JSON.stringify({ path: file }) }] };
  if (seen.results.length === 1) {
    const input = JSON.stringify({ path: file, old_str: "a - b", new_str: "a + b" });
    return { calls: [{ name: "edit", input }] };
  }
  return { text: `Done: ${seen.results.at(-1)?.text}` };
};

describe("postern agent", () => {
  it.each(Object.entries(MODELS))(
    "does a task on a %s provider, and says what it has cost",
    async (id, model) => {
      provider.play(mend);
      const config = configFile();
      const answer = await postern(
        "agent",
        "--config",
        config,
        "--model",
        `${id}/${model}`,
        "--dir",
        work,
        "--allow",
        "read,edit",
        "Mend sum.js",
      );
      expect(answer.stderr).toContain("Done after 3 turns");
      expect(answer.code).toBe(0);
      expect(readFileSync(join(work, "sum.js"), "utf8")).toContain("a + b");
      expect(answer.stdout).toMatch(/I look\.[\s\S]*Done: /);
      // 3 requests of 100 tokens in and 25 out.
      expect(answer.stderr).toContain("3 requests, 300 tokens in, 75 out, cost: $0.00045");
      expect([...provider.asked]).toEqual([id]);
      expect(provider.refusals).toEqual([]);
    },
  );

  it.each(Object.entries(MODELS))("sends an image along to a %s provider", async (protocol, model) => {
    provider.play(() => ({ text: "A dot." }));
    const places = { sessions: folder.path, dataDir: undefined, runtimePath: runtimePath() };
    const run = createAgent(places, process.env).run(
      {
        ...{ prompt: "What is it?", images: [{ mimeType: "image/png", data: DOT }] },
        ...{
          model,
          protocol: protocol as keyof typeof MODELS,
          models: [{ id: model, images: true }],
          keep: false,
        },
        gateway: { url: provider.url, key: PROVIDER_KEY },
        ...{ folder: work, task: "agent-1" },
      },
      { onEvent: () => {}, permit: async () => false },
      new AbortController().signal,
    );
    expect(await within(run, "the end of the run")).toMatchObject({ end: "done" });
    expect(JSON.stringify(provider.last.body)).toContain(DOT);
  });

  it("does nothing that nobody allows, and goes on", async () => {
    const outside = join(folder.path, "secret.txt");
    writeFileSync(outside, "canary-0815");
    symlinkSync(outside, join(work, "link.txt"));
    const wants = [
      ["view", { path: join(work, "sum.js") }],
      ["view", { path: join(work, "link.txt") }],
      ["edit", { path: join(work, "sum.js"), old_str: "a - b", new_str: "a + b" }],
      ["create", { path: join(work, ".git", "hooks", "post-checkout"), file_text: "echo pwned" }],
      ["bash", { command: `touch ${join(work, "touched")}`, description: "d" }],
      ["web_fetch", { url: provider.url }],
    ] as const;
    provider.play((seen) => {
      const next = wants[seen.results.length];
      return next ? { calls: [{ name: next[0], input: JSON.stringify(next[1]) }] } : { text: "I could not." };
    });
    const config = configFile();
    const answer = await postern(
      "agent",
      "--config",
      config,
      "--model",
      "chat/own-llm",
      "--dir",
      work,
      "--allow",
      "read",
      "Try it",
    );
    expect(answer.stdout).toContain("I could not.");
    const results = provider.last.results.map(({ text }) => text);
    expect(results).toHaveLength(wants.length);
    expect(results[0]).toContain("a - b");
    expect(results.join()).not.toContain("canary-0815");
    expect(answer.stderr.match(/not allowed: /g)).toHaveLength(5);
    expect(git("status", "--porcelain").trim()).toBe("?? link.txt");
    expect(readdirSync(join(work, ".git", "hooks"))).not.toContain("post-checkout");
  });

  it("gives its commands nothing of the person's keys", async () => {
    provider.play((seen) => {
      if (seen.results.length > 0) return { text: "Done." };
      return {
        calls: [
          {
            name: "bash",
            input: JSON.stringify({
              command: "env; cat /proc/$PPID/environ /proc/$PPID/cmdline",
              description: "d",
            }),
          },
        ],
      };
    });
    const answer = await postern(
      "agent",
      "--config",
      configFile(),
      "--model",
      "chat/own-llm",
      "--dir",
      work,
      "--allow",
      "run",
      "Look around",
    );
    const [said] = provider.last.results;
    expect(said?.text).toContain("PATH=");
    expect(said?.text).not.toMatch(/sk-of-the-person|OPENAI_API_KEY/);
    expect(answer.code).toBe(0);
  });

  it("comes to an end although commands run in the background, and ends them", async () => {
    const pids = join(folder.path, "pids");
    const command = `sh -c 'echo $$ >> ${pids}; exec sleep 1000'`;
    const wants = [
      { command, description: "d", mode: "async" },
      { command, description: "d", mode: "async", detach: true },
    ];
    provider.play((seen) => {
      const next = wants[seen.results.length];
      return next ? { calls: [{ name: "bash", input: JSON.stringify(next) }] } : { text: "It runs." };
    });
    const said: string[] = [];
    const places = { sessions: folder.path, dataDir: undefined, runtimePath: runtimePath() };
    const run = createAgent(places, process.env).run(
      {
        ...{ prompt: "Start the servers", model: "own-llm", protocol: "chat", models: [], keep: false },
        gateway: { url: provider.url, key: PROVIDER_KEY },
        ...{ folder: work, task: "agent-1", backgroundMs: 1 },
      },
      {
        onEvent: (event) => said.push(event.type === "tool" ? `${event.name} ${event.detail}` : event.type),
        permit: async () => true,
      },
      new AbortController().signal,
    );
    expect(await within(run, "the end of the run")).toMatchObject({ end: "done", turns: 3 });
    expect(said.at(-1)).toBe("waits for commands in the background; to cancel ends them");
    const left = readFileSync(pids, "utf8").trim().split("\n").map(Number);
    expect(left).toHaveLength(2);
    await eventually(() => left.every(hasEnded), "the end of what was started");
  });

  it.skipIf(process.platform === "win32")(
    "ends a command that does not let itself be told to, when it is cancelled",
    async () => {
      const pids = join(folder.path, "pids");
      const script = join(folder.path, "stays.sh");
      writeFileSync(script, `trap '' TERM INT HUP\necho $$ >> ${pids}\nwhile :; do sleep 0.2; done\n`);
      const command = `trap '' TERM INT HUP; sh ${script} & sh ${script}`;
      provider.play(() => ({
        calls: [{ name: "bash", input: JSON.stringify({ command, description: "d" }) }],
      }));
      const cancelled = new AbortController();
      const places = { sessions: folder.path, dataDir: undefined, runtimePath: runtimePath() };
      const run = createAgent(places, process.env).run(
        {
          ...{ prompt: "Start it", model: "own-llm", protocol: "chat", models: [], keep: false },
          gateway: { url: provider.url, key: PROVIDER_KEY },
          ...{ folder: work, task: "agent-1" },
        },
        { onEvent: () => {}, permit: async () => true },
        cancelled.signal,
      );
      const started = () => {
        const lines = existsSync(pids) ? readFileSync(pids, "utf8").trim().split("\n") : [];
        return lines.length === 2 ? lines.map(Number) : undefined;
      };
      const left = await eventually(started, "the command's begin");
      cancelled.abort();
      expect(await within(run, "the end of the run")).toMatchObject({ end: "cancelled" });
      try {
        await eventually(() => left.every(hasEnded), "the end of the commands");
      } finally {
        for (const pid of left.filter((one) => !hasEnded(one))) process.kill(pid, "SIGKILL");
      }
    },
  );

  it("asks for both ends of a file that a patch moves, and says of one that it is deleted", async () => {
    const outside = join(folder.path, "key.txt");
    writeFileSync(outside, "canary-0815\n");
    const patch = (...lines: string[]) => ["*** Begin Patch", ...lines, "*** End Patch", ""].join("\n");
    const wants = [
      patch("*** Update File: ../key.txt", "*** Move to: mine.txt", "@@", "+x"),
      patch(
        "*** Update File: sum.js",
        "*** Move to: lib/sum.js",
        "@@",
        "-module.exports = (a, b) => a - b;",
        "+x",
      ),
      patch("*** Delete File: test.js"),
    ];
    provider.play((seen) => {
      const input = wants[seen.results.length];
      return input === undefined ? { text: "Done." } : { calls: [{ name: "apply_patch", input }] };
    });
    const asked: PermissionQuestion[] = [];
    const places = { sessions: folder.path, dataDir: undefined, runtimePath: runtimePath() };
    const run = createAgent(places, process.env).run(
      {
        // The runtime has this tool for models that it knows by their own name, such as a route may have.
        ...{ prompt: "Move them", model: "gpt-5-codex", protocol: "responses", models: [], keep: false },
        gateway: { url: provider.url, key: PROVIDER_KEY },
        ...{ folder: work, task: "agent-1" },
      },
      {
        onEvent: () => {},
        permit: async (question) => {
          asked.push(question);
          return isAllowed(question, { ...ASK_ALWAYS, edit: true });
        },
      },
      new AbortController().signal,
    );
    expect(await within(run, "the end of the run")).toMatchObject({ end: "done" });
    expect(asked).toMatchObject([
      { path: join(work, "mine.txt"), from: outside, inside: false },
      { path: join(work, "lib", "sum.js"), from: join(work, "sum.js"), inside: true },
      { path: join(work, "test.js"), deletes: true, inside: true },
    ]);
    expect(readFileSync(outside, "utf8")).toBe("canary-0815\n");
    expect(git("status", "--porcelain").trim().split("\n")).toEqual(["D sum.js", " D test.js", "?? lib/"]);
  });

  it("asks no other model than the one that was chosen, whatever that one says", async () => {
    provider.play((seen) => {
      if (!JSON.stringify(seen.body).includes("Mend sum.js")) return { text: "It is the sign." };
      if (seen.results.length > 0) return { text: "Done." };
      const helper = {
        description: "d",
        prompt: "Look",
        agent_type: "general-purpose",
        name: "h",
        mode: "sync",
      };
      return { calls: [{ name: "task", input: JSON.stringify({ ...helper, model: MODELS.responses }) }] };
    });
    const answer = await postern(
      "agent",
      "--config",
      configFile(),
      "--model",
      "chat/own-llm",
      "--dir",
      work,
      "Mend sum.js",
    );
    expect(answer.stdout).toContain("It is the sign.");
    expect(answer.stderr).toContain("3 requests");
    expect([...provider.asked]).toEqual(["chat"]);
  });

  it("goes on with an earlier session", async () => {
    provider.play(() => ({ text: "The number is 4711." }));
    const config = configFile();
    const common = ["agent", "--config", config, "--model", "messages/claude-sonnet-4-5", "--dir", work];
    const first = await postern(...common, "Think of a number");
    const id = /--resume (\S+)/.exec(first.stderr)?.[1] ?? "";
    provider.play(() => ({ text: "As I said." }));
    const second = await postern(...common, "--resume", id, "Which was it?");
    expect(second.stdout).toContain("As I said.");
    const said = provider.last.texts.map(({ text }) => text).join();
    expect(said).toContain("Think of a number");
    expect(said).toContain("The number is 4711.");
    expect(provider.refusals).toEqual([]);
  });

  it.each(Object.entries(MODELS))("goes on after the use of a tool on a %s provider", async (id, model) => {
    provider.play(mend);
    const common = ["agent", "--config", configFile(), "--model", `${id}/${model}`, "--dir", work];
    const first = await postern(...common, "--allow", "read,edit", "Mend sum.js");
    const session = /--resume (\S+)/.exec(first.stderr)?.[1] ?? "";
    provider.play(() => ({ text: "It adds now." }));
    const second = await postern(...common, "--resume", session, "What have you done?");
    expect(provider.refusals).toEqual([]);
    expect(second.stdout).toContain("It adds now.");
    expect(provider.last.results.length).toBeGreaterThan(0);
  });

  it("keeps to budgets, and says that one is used up", async () => {
    provider.play(mend);
    const config = configFile({
      budgets: [{ name: "all", scope: "all", requests: 1, period: "day" }],
    });
    const answer = await postern(
      "agent",
      "--config",
      config,
      "--model",
      "chat/own-llm",
      "--dir",
      work,
      "--allow",
      "read,edit",
      "Mend it",
    );
    expect(answer.code).toBe(1);
    expect(answer.stderr).toMatch(/Failed[^\n]*budget/i);
    expect(provider.seen).toHaveLength(1);
  });

  it("says what is missing without a runtime", async () => {
    const { code, stderr } = await run(
      process.execPath,
      [cliFile, "agent", "--config", configFile(), "--model", "chat/own-llm", "x"],
      {
        COPILOT_CLI_PATH: join(folder.path, "nothing"),
      },
    );
    expect(code).toBe(1);
    expect(stderr).toContain("COPILOT_CLI_PATH");
  });

  it("takes the runtime that the configuration names for a Copilot subscription", async () => {
    const cliPath = join(folder.path, "named");
    const subscription = {
      ...{ id: "sub", type: "copilot", baseUrl: provider.url, copilot: { acceptedTerms: true, cliPath } },
      credentials: [{ kind: "env", name: "NOTHING" }],
    };
    const config = configFile();
    const { providers, ...rest } = JSON.parse(readFileSync(config, "utf8"));
    writeFileSync(config, JSON.stringify({ ...rest, providers: [...providers, subscription] }));
    const answer = await postern("agent", "--config", config, "--model", "chat/own-llm", "x");
    expect(answer.stderr).toContain(`copilot.cliPath names ${cliPath}, where no program is`);
  });
});

/** One that nobody has collected yet has ended, too. */
function hasEnded(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() === "" || stdout.trim().startsWith("Z");
}

describe("a run that is broken off", () => {
  /** The agent while it waits for a model that says nothing. */
  async function waiting() {
    const asked = new Promise<ReplayProvider["requests"][number]>((resolve) => {
      provider.wire.play = (exchange) => {
        exchange.response.writeHead(200, { "content-type": "text/event-stream" });
        exchange.response.write(": wait\n\n");
        resolve(exchange);
      };
    });
    const args = ["agent", "--config", configFile(), "--model", "chat/own-llm", "--dir", work, "Wait"];
    const child = spawn(process.execPath, [cliFile, ...args], {
      env: cleanEnvironment({ COPILOT_CLI_PATH: runtimePath(), HOME: folder.path }),
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    const exchange = await within(asked, "the request", 20_000);
    const children = () =>
      execFileSync("ps", ["-o", "pid=", "--ppid", String(child.pid)], { encoding: "utf8" })
        .split("\n")
        .flatMap((line) => (line.trim() === "" ? [] : Number(line)));
    return { child, exchange, ended, children, said: () => said };
  }
  afterEach(async () => {
    await provider.stop();
    provider = await ScriptedProvider.start(() => ({ text: "unset" }));
  });

  it("ends at the provider too, and leaves nothing running", async () => {
    const { child, exchange, ended, children, said } = await waiting();
    const [runtime = 0] = children();
    child.kill("SIGINT");
    expect(await within(ended, "the end")).toBe(1);
    expect(said()).toContain("Cancelled");
    expect((await within(exchange.closed, "the end at the provider")).early).toBe(true);
    await eventually(() => hasEnded(runtime), "the runtime's end");
  });

  it("is noticed when the runtime dies", async () => {
    const { ended, children, said } = await waiting();
    const [runtime = 0] = children();
    process.kill(runtime, "SIGKILL");
    expect(await within(ended, "the end", 20_000)).toBe(1);
    expect(said()).toContain("has ended unexpectedly");
  });
});

describe("postern compare", () => {
  const task = (lines: readonly string[]) => {
    mkdirSync(join(work, ".postern", "tasks"), { recursive: true });
    const file = join(work, ".postern", "tasks", "mend.md");
    writeFileSync(file, ["---", ...lines, "---", "Mend sum.js so that it adds."].join("\n"));
    return file;
  };

  it("tells who has passed, at what cost, and leaves the working tree alone", async () => {
    const good: Script = (seen) => mend(seen);
    // It takes the test for the fault, and changes that.
    const bad: Script = (seen) => {
      const file = /\/[^\s"]*postern-task-[^\s"<\\]+/.exec(JSON.stringify(seen.body))?.[0] ?? "";
      if (seen.results.length > 0) return { text: "All green." };
      return {
        calls: [
          { name: "create", input: JSON.stringify({ path: join(file, "new.txt"), file_text: "1\n2\n" }) },
          { name: "bash", input: JSON.stringify({ command: "echo > test.js", description: "d" }) },
        ],
      };
    };
    provider.play((seen) => (seen.model === MODELS.messages ? good(seen) : bad(seen)));
    writeFileSync(join(work, "sum.js"), "// in the middle of something\n");
    const before = git("status", "--porcelain");
    const file = task(["setup: node -e 1", "check:", "  - node test.js", "protect: test.js", "turns: 10"]);
    const config = configFile();
    const answer = await postern(
      "compare",
      "--config",
      config,
      "--models",
      "chat/own-llm,messages/claude-sonnet-4-5,responses/gpt-5.1",
      "--dir",
      work,
      "--yes",
      file,
    );
    expect(answer.code, answer.stderr).toBe(0);
    expect(answer.stderr).toContain("    node test.js");
    const rows = answer.stdout.trim().split("\n").slice(2);
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(
      /messages\/claude-sonnet-4-5 \| passed \| \$0\.00045 \| 300 \| 75 \| [\d.]+ s \| 3 \| 1 file, \+1 −1 \|/,
    );
    expect(rows[1]).toMatch(/failed: check "node test\.js" ended with 1\./);
    expect(rows[1]).toMatch(/2 files, \+\d+ −1/);
    expect(git("status", "--porcelain")).toBe(`${before}?? .postern/\n`);
    expect(readFileSync(join(work, "sum.js"), "utf8")).toBe("// in the middle of something\n");
    expect(git("worktree", "list").trim().split("\n")).toHaveLength(1);
    expect(readdirSync(join(folder.path, "data", "agent", "session-state"))).toEqual([]);
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(join(folder.path, "data", "ledger.sqlite"), { readOnly: true });
    const kept = database.prepare("SELECT content, diff FROM task_runs").all();
    database.close();
    expect(kept).toHaveLength(3);
    const passed = kept.find(({ content }) => JSON.parse(String(content)).passed);
    expect(String(passed?.diff)).toContain("+module.exports = (a, b) => a + b;");
  });

  it("runs nothing without consent", async () => {
    const file = task([
      `setup: touch ${join(folder.path, "ran")}`,
      "check: node test.js",
      "models: chat/own-llm",
    ]);
    provider.play(mend);
    const answer = await postern("compare", "--config", configFile(), "--dir", work, file);
    expect(answer.code).toBe(2);
    expect(answer.stderr).toContain("touch ");
    expect(provider.seen).toEqual([]);
    expect(readdirSync(folder.path)).not.toContain("ran");
  });

  it("is about the folder whose task it is, deep in a repository and wherever one stands", async () => {
    const top = work;
    work = join(work, "packages", "sums");
    mkdirSync(work, { recursive: true });
    for (const name of ["sum.js", "test.js"]) writeFileSync(join(work, name), readFileSync(join(top, name)));
    git("add", "-A");
    git("commit", "-qm", "A package");
    provider.play(mend);
    const file = task(["check: node test.js", "protect: test.js", "models: chat/own-llm"]);
    const answer = await postern("compare", "--config", configFile(), "--yes", file);
    expect(answer.stdout).toContain("| passed |");
  });

  it("ends a model at its limits, and commands that hang", async () => {
    provider.play((seen) => ({
      calls: [{ name: "glob", input: JSON.stringify({ pattern: `*${seen.results.length}` }) }],
    }));
    const file = task([
      "check: node -e 'setInterval(() => {}, 1000)'",
      "models: chat/own-llm",
      "minutes: 0.05",
      "turns: 4",
    ]);
    const answer = await postern("compare", "--config", configFile(), "--dir", work, "--yes", file);
    expect(answer.code).toBe(1);
    expect(answer.stdout).toMatch(/It has had its 4 turns\. check "node .*" took too long/);
    expect(git("worktree", "list").trim().split("\n")).toHaveLength(1);
  });
});
