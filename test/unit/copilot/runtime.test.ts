import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { downloadRuntime } from "../../../src/copilot/downloadRuntime";
import {
  downloadFolder,
  locateRuntime,
  platformName,
  RUNTIME_VERSION,
  runtimeIn,
} from "../../../src/copilot/locateRuntime";
import { root, temporaryFolder } from "../../support/gateway";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const GITHUBS = "#!/bin/sh\necho GitHub Copilot CLI\n";

function program(...path: string[]): string {
  return programOf(GITHUBS, ...path);
}

function programOf(content: string, ...path: string[]): string {
  const file = join(folder.path, ...path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, 0o755);
  return file;
}

describe("where the runtime is looked for", () => {
  const locate = (cliPath: string | undefined, environment: Record<string, string>, dataDir?: string) =>
    locateRuntime(cliPath, { environment, dataDir });

  it("is the setting, the variable, the data folder, the PATH and the package, in this order", () => {
    const mine = program("mine");
    const named = program("named");
    const downloaded = runtimeIn(downloadFolder(join(folder.path, "data")));
    const onPath = program("bin", process.platform === "win32" ? "copilot.exe" : "copilot");
    const packages = join(folder.path, "modules");
    const name = join("modules", "@github", `copilot-sdk-${platformName()}`);
    program(name, "package.json");
    const installed = program(runtimeIn(name));
    const environment = { PATH: join(folder.path, "bin"), COPILOT_CLI_PATH: named, NODE_PATH: packages };
    expect(locate(mine, environment)).toEqual({ path: mine });
    expect(locate(undefined, environment)).toEqual({ path: named });
    const { COPILOT_CLI_PATH: _, ...rest } = environment;
    expect(locate(undefined, rest, join(folder.path, "data"))).toEqual({ path: onPath });
    program(relative(folder.path, downloaded));
    expect(locate(undefined, rest, join(folder.path, "data"))).toEqual({ path: downloaded });
    expect(locate(undefined, { PATH: "/nowhere", NODE_PATH: packages })).toEqual({ path: installed });
  });

  it("is not the one that was downloaded for another version of the SDK", () => {
    const data = join(folder.path, "data");
    program(relative(folder.path, runtimeIn(join(downloadFolder(data), "..", "1.0.13"))));
    expect(locate(undefined, {}, data)).toEqual({ missing: expect.stringContaining("no Copilot runtime") });
  });

  it("is downloaded for the SDK that is shipped", () => {
    const { devDependencies = {}, dependencies = {} } = JSON.parse(
      readFileSync(join(root, "package.json"), "utf8"),
    );
    expect({ ...devDependencies, ...dependencies }["@github/copilot-sdk"]).toBe(RUNTIME_VERSION);
  });

  const COPILOT = process.platform === "win32" ? "copilot.exe" : "copilot";

  it("is no other program that is called copilot, such as that of AWS", () => {
    const other = programOf("#!/bin/sh\necho AWS Copilot CLI\n", "aws", COPILOT);
    const PATH = [join(folder.path, "aws"), join(folder.path, "bin")].join(delimiter);
    expect(locate(undefined, { PATH })).toEqual({
      missing: expect.stringContaining(`${other} is not GitHub's`),
    });
    // What it is known by may lie across two of the pieces that it is read in.
    const mine = programOf(`${"x".repeat(4 * 1024 * 1024 - 9)}GitHub Copilot CLI`, "bin", COPILOT);
    expect(locate(undefined, { PATH })).toEqual({ path: mine });
  });

  it.each(["win32", "linux"])("is the program itself behind npm's script for it on %s", (platform) => {
    const windows = platform === "win32";
    const modules = join("npm", ...(windows ? ["node_modules"] : ["lib", "node_modules"]), "@github");
    const name = `copilot-${platformName()}`;
    programOf(JSON.stringify({ name: "@github/copilot" }), modules, "copilot", "package.json");
    const loader = program(modules, "copilot", "npm-loader.js");
    programOf(JSON.stringify({ exports: { ".": "./copilot" } }), modules, name, "package.json");
    const native = program(modules, name, "copilot");
    if (windows) program("npm", "copilot.cmd");
    else symlinkSync(loader, join(folder.path, "npm", "copilot"));
    expect(locate(undefined, { PATH: join(folder.path, "npm") })).toEqual({ path: native });
  });

  it("is never a relative path, and where there is none it says what was looked for", () => {
    expect(locate("copilot", {})).toEqual({ missing: expect.stringContaining("absolute path") });
    expect(locate(join(folder.path, "none"), {})).toEqual({
      missing: expect.stringContaining("no program is"),
    });
    expect(locate(undefined, { PATH: "relative" })).toEqual({
      missing: expect.stringContaining("COPILOT_CLI_PATH"),
    });
  });
});

/** An archive as npm packs them. */
function tarball(files: Record<string, string>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const header = Buffer.alloc(512);
    header.write(`package/${name}`, 0);
    header.write("0000644\0", 100);
    header.write(`${Buffer.byteLength(content).toString(8).padStart(11, "0")}\0`, 124);
    header.write("0", 156);
    header.write("ustar\0", 257);
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
    body.write(content, 0);
    return [header, body];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

describe("the download of the runtime", () => {
  let server: Server;
  let archive: Buffer;
  let integrity: string;
  let asked: string[];
  beforeEach(async () => {
    const inside = `prebuilds/${platformName()}`;
    const exe = process.platform === "win32" ? ".exe" : "";
    archive = tarball({
      "README.md": "no",
      [`${inside}/copilot-runtime${exe}`]: "program".repeat(400),
      [`${inside}/runtime.node`]: "library",
      [`${inside}/other`]: "no",
      "../../escape": "no",
    });
    integrity = `sha512-${createHash("sha512").update(archive).digest("base64")}`;
    asked = [];
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      if (request.url === "/file.tgz") response.end(archive);
      else response.end(JSON.stringify({ dist: { tarball: "/file.tgz", integrity } }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => void server.close());
  const download = (signal = new AbortController().signal) =>
    downloadRuntime(
      folder.path,
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      (received, total) => seen.push([received, total]),
      signal,
    );
  let seen: [number, number | undefined][] = [];

  it("keeps the runtime's two files, and is found there", async () => {
    seen = [];
    const path = await download();
    expect(readFileSync(path, "utf8")).toBe("program".repeat(400));
    expect(readdirSync(join(path, "..")).sort()).toHaveLength(2);
    expect(readdirSync(folder.path)).toEqual(["copilot-runtime"]);
    expect(locateRuntime(undefined, { environment: {}, dataDir: folder.path })).toEqual({ path });
    expect(asked[0]).toBe(`/@github%2fcopilot-sdk-${platformName()}/1.0.14`);
    expect(seen.at(-1)?.[0]).toBe(archive.length);
  });

  it("leaves no other version there", async () => {
    const old = program("copilot-runtime", "1.0.13", "copilot-runtime");
    await download();
    expect(existsSync(old)).toBe(false);
    expect(readdirSync(join(folder.path, "copilot-runtime"))).toEqual([RUNTIME_VERSION]);
  });

  it("keeps nothing of what does not have the registry's hash, and leaves the one that is there", async () => {
    const before = await download();
    integrity = `sha512-${createHash("sha512").update("other").digest("base64")}`;
    await expect(download()).rejects.toThrow(/hash differs/);
    expect(existsSync(before)).toBe(true);
    expect(readdirSync(folder.path)).toEqual(["copilot-runtime"]);
  });

  it("takes nothing without a hash, nothing over plain HTTP from elsewhere, and ends when it is cancelled", async () => {
    integrity = "sha1-abc";
    await expect(download()).rejects.toThrow(/by which hash/);
    await expect(
      downloadRuntime(folder.path, "http://registry.example.com", () => {}, new AbortController().signal),
    ).rejects.toThrow(/not known which npm registry/);
    const cancelled = new AbortController();
    cancelled.abort();
    await expect(download(cancelled.signal)).rejects.toThrow(/cancelled/);
    expect(readdirSync(folder.path)).toEqual([]);
  });
});
