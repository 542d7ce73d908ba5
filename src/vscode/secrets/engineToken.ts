import { createHash, randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ENGINE_TOKEN } from "./names";
import type { SecretStore } from "./providerKeys";

/** Longer than two windows that start together are apart. Waited once in the life of an installation. */
const SETTLE_MS = 250;

/** What windows and engine share. Made once; two windows that make it at once end with the same one. */
export async function engineToken(secrets: Pick<SecretStore, "get" | "store">): Promise<string> {
  const known = await secrets.get(ENGINE_TOKEN);
  if (known) return known;
  const made = randomBytes(32).toString("hex");
  await secrets.store(ENGINE_TOKEN, made);
  // Another window may have found none either and store its own a moment later; what stands there then, both use.
  await settled();
  return (await secrets.get(ENGINE_TOKEN)) ?? made;
}

/**
 * The token for windows whose secret storages differ though they share the machine: in a browser each browser has its
 * own, with a remote host each computer that connects. There it is kept in a file that only the user may read.
 * @param folder the extension's global storage
 */
export async function machineEngineToken(folder: string): Promise<string> {
  const file = join(folder, "engine-token");
  const found = await read(file);
  const known = tokenIn(found);
  if (known !== undefined) return known;
  await mkdir(folder, { recursive: true });
  // What is not a token is left over from a crash or a full disk, and would be in the way for ever. Where there was
  // nothing, what stands there by now is another window's.
  const spoilt = found !== undefined;
  if (spoilt) await rm(file, { force: true });
  await publish(file, randomBytes(32).toString("hex"));
  // Another window may have found the same leftover and removed what stood there in its place by then.
  if (spoilt) await settled();
  const token = tokenIn(await read(file));
  if (token === undefined) throw new Error(`The engine's token cannot be kept in ${file}.`);
  return token;
}

/** Puts a whole file in place, unless there is one: of two windows one wins, and nobody reads half of it. */
async function publish(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    // wx: nothing that lies there is written through.
    await writeFile(draft, text, { mode: 0o600, flag: "wx" });
    await link(draft, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function tokenIn(text: string | undefined): string | undefined {
  const token = text?.trim();
  return token !== undefined && /^[0-9a-f]{64}$/.test(token) ? token : undefined;
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

/** Names a secret storage without telling anything that is in it. */
export async function secretStoreId(secrets: Pick<SecretStore, "get" | "store">): Promise<string> {
  const token = await engineToken(secrets);
  return createHash("sha256").update(`secret store ${token}`).digest("hex").slice(0, 16);
}
