import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { EngineConfig } from "../../src/core/config/engineConfig";
import { PROTOCOL_VERSION } from "../../src/core/rpc/contract";
import { EngineHungError, ForeignEngineError } from "../../src/vscode/engine/errors";
import { EngineLauncher } from "../../src/vscode/engine/launcher";
import { EngineLink } from "../../src/vscode/engine/link";
import { notedPipePath } from "../../src/vscode/engine/pipePath";
import { type StartedEngine, spawnEngine } from "../../src/vscode/engine/spawn";

const engineScript = resolve("dist/engine.js");
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const log = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };

const config: EngineConfig = {
  providers: [],
  faulty: [],
  gateway: { host: "127.0.0.1", port: 0, maxRunning: 512, keys: [] },
  routes: [],
  routing: { maxAttempts: 4, maxWaitSeconds: 30 },
  ledger: { retentionDays: 400, maxMb: 200 },
  network: {},
  lingerSeconds: 0,
  keepRunning: false,
  secretStore: "test",
};

// The pipe has another form on Windows, where the extension host's suite covers it.
describe.skipIf(process.platform === "win32")("the launcher", () => {
  let folder: string;
  let pids: number[];
  let links: EngineLink[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pst-"));
    pids = [];
    links = [];
  });

  afterEach(() => {
    for (const link of links) link.dispose();
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const pipePath = (): string => join(folder, "p.sock");

  function launcher(
    own = version,
    script = engineScript,
    onReplaced = (): void => undefined,
    pipe = pipePath(),
  ): EngineLauncher {
    const spawn = async (boot: Parameters<typeof spawnEngine>[1]): Promise<StartedEngine> => {
      const stderrFile = join(folder, "stderr.log");
      const program = { execPath: process.execPath, script, stderrFile, environment: process.env };
      const started = await spawnEngine(program, boot);
      if (started.pid !== undefined) pids.push(started.pid);
      return started;
    };
    const boot = { token: "t".repeat(64), pipePath: pipe, dataDir: join(folder, "engine") };
    return new EngineLauncher({
      boot: async () => boot,
      notedPipe: () =>
        notedPipePath(boot.dataDir, { platform: process.platform, uid: process.getuid?.() ?? 0 }),
      spawn,
      gatewayWasRunning: onReplaced,
      version: own,
      log,
    });
  }

  async function start(own?: string, script?: string, onReplaced?: () => void): Promise<EngineLink> {
    const link = await launcher(own, script, onReplaced).start();
    links.push(link);
    return link;
  }

  test("finds none where none runs", async () => {
    expect(await launcher().joinRunning()).toBe("absent");
  });

  test("windows that start at once end with one engine", async () => {
    const started = await Promise.all([start(), start(), start()]);
    const statuses = await Promise.all(started.map((link) => link.request("status", {})));
    expect(new Set(statuses.map(({ pid }) => pid)).size).toBe(1);
  });

  test("windows with other temporary folders end with one engine", async () => {
    mkdirSync(join(folder, "x"), { mode: 0o700 });
    const other = launcher(version, engineScript, () => undefined, join(folder, "x", "p.sock"));
    const [first, second] = await Promise.all([start(), other.start()]);
    const { pid } = await first.request("status", {});
    links.push(second);
    expect((await second.request("status", {})).pid).toBe(pid);
    const third = await other.joinRunning();
    if (typeof third === "string") throw new Error(third);
    links.push(third);
    // Killed, it leaves a note that leads nowhere.
    const gone = new Promise<void>((closed) => first.onClose(closed));
    process.kill(pid, "SIGKILL");
    await gone;
    expect(await other.joinRunning()).toBe("absent");
    links.push(await other.start());
    expect((await (await start()).request("status", {})).pid).not.toBe(pid);
  });

  test("finds none where one ends just as it is joined", async () => {
    const ending = net.createServer((socket) => {
      socket.destroy();
      ending.close();
    });
    await new Promise<void>((listening) => ending.listen(pipePath(), listening));
    expect(await launcher().joinRunning()).toBe("absent");
  });

  test("says so where something hangs up again and again", async () => {
    const foreign = net.createServer((socket) => socket.destroy());
    await new Promise<void>((listening) => foreign.listen(pipePath(), listening));
    await expect(launcher().joinRunning()).rejects.toThrow();
    foreign.close();
  });

  test("says that an engine runs which cannot be reached", async () => {
    await start();
    rmSync(pipePath());
    await expect(launcher().start()).rejects.toThrow("cannot be reached");
  });

  test("takes over the socket that a killed engine has left", async () => {
    const first = await start();
    const { pid } = await first.request("status", {});
    const gone = new Promise<void>((closed) => first.onClose(closed));
    process.kill(pid, "SIGKILL");
    await gone;
    expect(existsSync(pipePath())).toBe(true);
    const second = await start();
    expect((await second.request("status", {})).pid).not.toBe(pid);
  });

  test("a pending request ends when the engine dies", async () => {
    const link = await start();
    const { pid } = await link.request("configure", config);
    process.kill(pid, "SIGSTOP");
    const gone = new Promise<void>((closed) => link.onClose(closed));
    const pending = expect(link.request("status", {})).rejects.toThrow();
    process.kill(pid, "SIGKILL");
    await pending;
    await gone;
    await expect(link.request("status", {})).rejects.toThrow("not connected");
  });

  test("an older engine gives way, and it is known that its gateway ran", async () => {
    const old = await start();
    await old.request("configure", config);
    const before = await old.request("startGateway", {});
    const newer = "99.0.0";
    const script = join(folder, "engine.js");
    for (const file of readdirSync(dirname(engineScript)).filter((name) => name.endsWith(".js"))) {
      const built = readFileSync(join(dirname(engineScript), file), "utf8");
      writeFileSync(join(folder, file), built.replaceAll(`"${version}"`, `"${newer}"`));
    }
    expect(await launcher(newer, script).joinRunning()).toBe("older");
    let ran = false;
    const link = await start(newer, script, () => {
      ran = true;
    });
    expect(link.version).toBe(newer);
    expect((await link.request("status", {})).pid).not.toBe(before.pid);
    expect(ran).toBe(true);
    // A window of the older version uses the newer engine.
    expect((await start()).version).toBe(newer);
  });

  test("an older engine that hangs is not waited for without end, and it is said that it hangs", async () => {
    const old = await start();
    const { pid } = await old.request("status", {});
    // It answers the handshake and then no more.
    const request = vi.spyOn(EngineLink.prototype, "request").mockImplementation(async () => {
      throw new EngineHungError();
    });
    try {
      await expect(launcher("99.0.0").start()).rejects.toThrow(`version ${version}, does not answer`);
    } finally {
      request.mockRestore();
    }
    expect((await old.request("status", {})).pid).toBe(pid);
  });

  test("an engine that is stopped ends the tries after a while", async () => {
    const { pid } = await (await start()).request("status", {});
    process.kill(pid, "SIGSTOP");
    await expect(launcher().start()).rejects.toThrow("did not answer");
    const abort = new AbortController();
    const cancelled = launcher()
      .start(0, abort.signal)
      .catch((error: unknown) => String(error));
    abort.abort();
    // Not waited to the end of its patience.
    expect(await cancelled).not.toContain("did not answer");
  }, 40_000);

  test("tells a stranger on the pipe nothing", async () => {
    const received: Buffer[] = [];
    const stranger = net.createServer((socket) => {
      socket.on("data", (data) => {
        received.push(data);
        const { id } = JSON.parse(data.toString().split("\r\n\r\n")[1] ?? "{}") as { id: number };
        const hello = {
          protocolVersion: PROTOCOL_VERSION,
          version,
          serverNonce: "0".repeat(64),
          proof: "0".repeat(64),
        };
        const body = JSON.stringify({ jsonrpc: "2.0", id, result: hello });
        socket.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
      });
      socket.on("error", () => undefined);
    });
    await new Promise<void>((listening) => stranger.listen(pipePath(), listening));
    try {
      await expect(launcher().start()).rejects.toBeInstanceOf(ForeignEngineError);
      const text = Buffer.concat(received).toString();
      expect(text).toContain('"method":"hello"');
      expect(text).not.toContain("authenticate");
      expect(text).not.toContain("t".repeat(64));
    } finally {
      stranger.close();
    }
  });

  test("says that an engine cannot be started at all", async () => {
    const boot = { token: "t".repeat(64), pipePath: pipePath(), dataDir: join(folder, "engine") };
    const program = { execPath: join(folder, "no-node"), script: engineScript, environment: {} };
    const host = {
      boot: async () => boot,
      notedPipe: async () => undefined,
      spawn: () => spawnEngine({ ...program, stderrFile: join(folder, "stderr.log") }, boot),
      gatewayWasRunning() {},
      version,
      log,
    };
    await expect(new EngineLauncher(host).start()).rejects.toThrow("ENOENT");
  });

  test("an aborted request is not waited for", async () => {
    const link = await start();
    const { pid } = await link.request("status", {});
    process.kill(pid, "SIGSTOP");
    const abort = new AbortController();
    const pending = expect(link.request("status", {}, abort.signal)).rejects.toThrow("Cancelled");
    abort.abort();
    await pending;
  });

  test("starts one though the clock is set back meanwhile", async () => {
    const own = launcher();
    const host = Reflect.get(own, "host") as { notedPipe(): Promise<string | undefined> };
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const { notedPipe } = host;
      host.notedPipe = () => {
        host.notedPipe = notedPipe;
        vi.setSystemTime(Date.now() - 3_600_000);
        return notedPipe();
      };
      links.push(await own.start());
    } finally {
      vi.useRealTimers();
    }
  });

  test("says that an engine ends at once", async () => {
    const script = join(folder, "engine.js");
    writeFileSync(script, "process.exit(3)");
    await expect(launcher(version, script).start()).rejects.toThrow("ended with code 3");
  });
});
