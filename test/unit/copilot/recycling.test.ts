import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Runtime } from "../../../src/copilot/runtime";
import { isThere, muteRuntime } from "../../support/copilot/muteRuntime";
import { FAKE_RUNTIME, newGitHub, ONE } from "../../support/copilot/stage";
import { temporaryFolder } from "../../support/gateway";
import { eventually, within } from "../../support/waiting";

const log = { info: () => {}, warn: () => {} };
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function runtime(change: object = {}) {
  const folder = temporaryFolder();
  const github = await newGitHub();
  const host = { dataDir: folder.path, log };
  const made = new Runtime({ path: FAKE_RUNTIME, baseUrl: github.url, host, ...change });
  ends.push(
    () => made.stop(),
    () => github.stop(),
    () => folder.remove(),
  );
  return made;
}

/** The process behind a client, which the SDK keeps to itself. */
const pidOf = (client: object) => (client as { cliProcess?: { pid: number } }).cliProcess?.pid ?? 0;
describe("a Copilot runtime that has served enough", () => {
  it("lets what runs come to its end, and then ends itself", async () => {
    const worn = await runtime({ maxUses: 1 });
    let finish: () => void = () => {};
    let pid = 0;
    const running = worn.use(async (client) => {
      pid = pidOf(client);
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return client.rpc.models.list({ gitHubToken: ONE });
    });
    await eventually(() => pid, "the runtime's process");
    expect(worn.isWornOut).toBe(true);
    worn.retire();
    expect(isThere(pid)).toBe(true);
    finish();
    expect((await running).models.length).toBeGreaterThan(0);
    await eventually(() => !isThere(pid), "the end of the process");
  });

  it("leaves no folder behind where there is no data folder", async () => {
    const passing = await runtime({ host: { dataDir: undefined, log } });
    await passing.use((client) => client.ping());
    const base = join(passing.workingDirectory, "..");
    expect(existsSync(base)).toBe(true);
    await passing.stop();
    expect(existsSync(base)).toBe(false);
  });

  it("leaves no process behind when it is stopped while it starts", async () => {
    const folder = temporaryFolder();
    ends.push(() => folder.remove());
    const slow = muteRuntime(folder.path, "sessionFs.setProvider");
    const starting = await runtime({ path: slow.path });
    const used = starting.use((client) => client.ping());
    used.catch(() => {});
    const pid = await eventually(slow.pid, "the start of the process");
    await starting.stop();
    await expect(within(used, "the end of the use")).rejects.toThrow(/ended unexpectedly/);
    await eventually(() => !isThere(pid), "the end of the process");
  });

  it("is not ended under a request that has just come", async () => {
    const worn = await runtime({ maxUses: 1 });
    await worn.use((client) => client.ping());
    const used = worn.use((client) => client.rpc.models.list({ gitHubToken: ONE }));
    worn.retire();
    expect((await used).models.length).toBeGreaterThan(0);
  });

  it("is told to be gone by what runs in it, at once, when it is killed", async () => {
    const killed = await runtime();
    const running = killed.use(async (client) => {
      process.kill(pidOf(client), "SIGKILL");
      await new Promise(() => {});
    });
    await expect(running).rejects.toThrow(/ended unexpectedly/);
  });

  it("is ended when it does not answer", async () => {
    const stuck = await runtime({ pingEveryMs: 50 });
    let pid = 0;
    const running = stuck.use(async (client) => {
      pid = pidOf(client);
      process.kill(pid, "SIGSTOP");
      await new Promise(() => {});
    });
    await expect(running).rejects.toThrow(/does not answer/);
    await eventually(() => !isThere(pid), "the end of the process");
  });
});
