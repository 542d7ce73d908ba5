import { spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { cleanEnvironment, cliFile, providerEntry, temporaryFolder } from "../../support/gateway";
import { eventually, within } from "../../support/waiting";

it("postern copilot download does not ask the registry that a repository names", async () => {
  const folder = temporaryFolder();
  const asked: string[] = [];
  const registry = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
  // Reads the folder's own settings, as npm does.
  const program = `#!/bin/sh\nif [ -f .npmrc ]; then sed s/registry=// .npmrc; else echo ${address}/mine; fi\n`;
  writeFileSync(join(folder.path, "npm"), program, { mode: 0o755 });
  writeFileSync(join(folder.path, ".npmrc"), `registry=${address}/theirs\n`);
  const config = join(folder.path, "c.json");
  const dataDir = join(folder.path, "data");
  writeFileSync(config, JSON.stringify({ providers: [providerEntry("http://127.0.0.1:9")], dataDir }));
  const child = spawn(process.execPath, [cliFile, "copilot", "download", "--config", config], {
    cwd: folder.path,
    env: cleanEnvironment({ PATH: `${folder.path}:/usr/bin:/bin` }),
    stdio: "ignore",
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  expect(await within(ended, "the end of the download")).toBe(1);
  expect(asked).toEqual([expect.stringMatching(/^\/mine\//)]);
  registry.close();
  folder.remove();
});

it("postern copilot download leaves nothing behind when it is broken off", async () => {
  const folder = temporaryFolder();
  const dataDir = join(folder.path, "data");
  const config = join(folder.path, "c.json");
  writeFileSync(config, JSON.stringify({ providers: [providerEntry("http://127.0.0.1:9")], dataDir }));
  const registry = createServer((request, response) => {
    // The file itself never comes to its end.
    if (request.url === "/file.tgz")
      response.writeHead(200, { "content-length": "1000" }).write("x".repeat(500));
    else response.end(JSON.stringify({ dist: { tarball: "/file.tgz", integrity: "sha512-eA==" } }));
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
  const args = ["copilot", "download", "--config", config, "--registry", address];
  const child = spawn(process.execPath, [cliFile, ...args], {
    env: cleanEnvironment({}),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  await eventually(() => said.includes("downloaded 50 %"), "the beginning of the download");
  child.kill("SIGINT");
  expect(await within(ended, "the end of the download")).toBe(1);
  expect(said).toContain("cancelled");
  expect(readdirSync(dataDir).filter((name) => name.startsWith("copilot"))).toEqual([]);
  registry.closeAllConnections();
  registry.close();
  folder.remove();
});
