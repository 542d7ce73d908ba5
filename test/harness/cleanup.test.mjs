import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { inRoot } from "../../scripts/lib/paths.mjs";

// What a closed terminal does: the script's output has no reader any more, and it gets SIGHUP.
test.skipIf(process.platform === "win32").each(["SIGHUP", "SIGINT", "SIGTERM"])(
  "a run that is ended by %s while nobody reads its output leaves nothing behind",
  async (signal) => {
    const script = `
      import { temporaryFolder, atEnd } from ${JSON.stringify(inRoot("scripts", "lib", "cleanup.mjs"))};
      const folder = temporaryFolder();
      atEnd(async () => {
        console.log("undoing");
        await new Promise((resolve) => setTimeout(resolve, 100));
        console.error("undone");
      });
      console.log(folder);
      setInterval(() => console.log("still here"), 20);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
    const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
    const folder = await new Promise((resolve) =>
      child.stdout.once("data", (data) => resolve(String(data).split("\n")[0])),
    );
    expect(existsSync(folder)).toBe(true);
    child.stdout.destroy();
    child.stderr.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    child.kill(signal);
    expect(await ended).toBe({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[signal]);
    expect(existsSync(folder)).toBe(false);
  },
);

test("a run that dies of an error nobody caught leaves nothing behind either", async () => {
  const script = `
    import { temporaryFolder } from ${JSON.stringify(inRoot("scripts", "lib", "cleanup.mjs"))};
    console.log(temporaryFolder());
    Promise.reject(new Error("nobody awaits this"));
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  let folder = "";
  child.stdout.on("data", (data) => {
    folder += data;
  });
  expect(await new Promise((resolve) => child.once("close", (code) => resolve(code)))).toBe(1);
  expect(folder.trim()).not.toBe("");
  expect(existsSync(folder.trim())).toBe(false);
});
