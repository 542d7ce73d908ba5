import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { privateHttpPath } from "../../src/engine/pipe/privateHttp";
import { Engine, EngineClient, engineConfig, type Home, newHome, startGateway } from "../support/engine";
import { within } from "../support/waiting";

const engines: Engine[] = [];
const homes: Home[] = [];
const start = (home: Home) => {
  const engine = new Engine(home);
  engines.push(engine);
  return engine;
};
const home = () => {
  const made = newHome();
  homes.push(made);
  return made;
};

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.end()));
  for (const made of homes.splice(0)) made.remove();
});

describe("one data folder has one engine", () => {
  it("however many are started at once", { timeout: 60_000 }, async () => {
    for (let round = 0; round < 6; round += 1) {
      const shared = home();
      const racers = Array.from({ length: 4 }, () => start(shared));
      const client = await EngineClient.join(shared);
      const { pid } = await client.request("status", {});
      const losers = racers.filter((racer) => racer.process.pid !== pid);
      expect(losers).toHaveLength(3);
      const ends = await Promise.all(losers.map((loser) => within(loser.exited, "the loser's end")));
      expect(ends.map(({ code }) => code)).toEqual([0, 0, 0]);
      // The losers have not touched the winner's pipe.
      const second = await EngineClient.join(shared);
      expect((await second.request("status", {})).pid).toBe(pid);
      client.close();
      second.close();
    }
  });

  it("and a new one takes over at once from one that was killed, on the same port", async () => {
    const shared = home();
    const first = start(shared);
    const client = await EngineClient.join(shared);
    const url = await startGateway(client, engineConfig("http://127.0.0.1:9"));
    await first.end("SIGKILL");
    await within(client.closed, "the end of the pipe");
    if (process.platform !== "win32") expect(existsSync(shared.pipePath)).toBe(true);
    start(shared);
    const next = await EngineClient.join(shared);
    const config = engineConfig("http://127.0.0.1:9");
    const port = Number(new URL(url).port);
    expect(await startGateway(next, { ...config, gateway: { ...config.gateway, port } })).toBe(url);
    next.close();
  });

  it("also where the lock file is rubbish", async () => {
    const shared = home();
    mkdirSync(shared.dataDir, { recursive: true });
    writeFileSync(join(shared.dataDir, "engine.lock"), "this is no database, ".repeat(200));
    const first = start(shared);
    const client = await EngineClient.join(shared);
    const second = start(shared);
    expect((await within(second.exited, "the second's end")).code).toBe(0);
    expect((await client.request("status", {})).pid).toBe(first.process.pid);
    client.close();
  });
});

describe.skipIf(process.platform === "win32")("the pipe's folder", () => {
  it("and the data folder are made for this user alone", async () => {
    const shared = home();
    start(shared);
    (await EngineClient.join(shared)).close();
    expect(statSync(dirname(shared.pipePath)).mode & 0o777).toBe(0o700);
    expect(statSync(shared.dataDir).mode & 0o777).toBe(0o700);
  });

  it("has no file that others may read beside it, in a data folder that they may: who can read the lock can take it", async () => {
    const shared = home();
    mkdirSync(shared.dataDir, { recursive: true });
    chmodSync(shared.dataDir, 0o755);
    writeFileSync(join(shared.dataDir, "engine.lock"), "");
    chmodSync(join(shared.dataDir, "engine.lock"), 0o644);
    start(shared);
    (await EngineClient.join(shared)).close();
    const names = readdirSync(shared.dataDir);
    expect(names).toContain("engine.lock");
    const open = names.filter((name) => (statSync(join(shared.dataDir, name)).mode & 0o077) !== 0);
    expect(open).toEqual([]);
  });

  it("is closed to others where it was open", async () => {
    const shared = home();
    mkdirSync(dirname(shared.pipePath), { recursive: true });
    chmodSync(dirname(shared.pipePath), 0o777);
    start(shared);
    (await EngineClient.join(shared)).close();
    expect(statSync(dirname(shared.pipePath)).mode & 0o777).toBe(0o700);
  });

  it("is not used where it is a link, a file, or somebody else's", async () => {
    const linked = home();
    const elsewhere = join(dirname(dirname(linked.pipePath)), "elsewhere");
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, dirname(linked.pipePath));
    const file = home();
    writeFileSync(dirname(file.pipePath), "");
    const refused = [start(linked), start(file)];
    // Only root can give a folder away; anybody else finds one of root's.
    const foreign = process.getuid?.() === 0 ? undefined : { ...home(), pipePath: "/usr/engine.sock" };
    if (foreign) refused.push(start(foreign));
    for (const engine of refused) {
      expect((await within(engine.exited, "the engine's end")).code).toBe(1);
      expect(engine.stderr).toContain("the pipe cannot be opened");
    }
    expect(lstatSync(elsewhere).isDirectory() && existsSync(join(elsewhere, "engine.sock"))).toBe(false);
  });

  it("leads nowhere else by a link or a file that was put in the socket's place", async () => {
    const shared = home();
    const folder = dirname(shared.pipePath);
    const target = join(dirname(folder), "somebody's file");
    writeFileSync(target, "untouched");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const paths = [shared.pipePath, privateHttpPath(shared.pipePath)];
    for (const plant of [
      (path: string) => symlinkSync(target, path),
      (path: string) => symlinkSync(join(dirname(folder), "nowhere"), path),
      (path: string) => writeFileSync(path, "no socket"),
    ]) {
      for (const path of paths) plant(path);
      const engine = start(shared);
      const client = await EngineClient.join(shared);
      expect((await client.request("chatAccess", {})).path).toBe(paths[1]);
      for (const path of paths) expect(lstatSync(path).isSocket()).toBe(true);
      expect(readFileSync(target, "utf8")).toBe("untouched");
      client.close();
      await engine.end("SIGTERM");
    }
    expect(existsSync(join(dirname(folder), "nowhere"))).toBe(false);
  });
});
