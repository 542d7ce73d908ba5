import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
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
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return (await secrets.get(ENGINE_TOKEN)) ?? made;
}

/**
 * The token for windows whose secret storages differ though they share the machine: in a browser each browser has its
 * own, with a remote host each computer that connects. There it is kept in a file that only the user may read.
 * @param folder the extension's global storage
 */
export async function machineEngineToken(folder: string): Promise<string> {
  const file = join(folder, "engine-token");
  await mkdir(folder, { recursive: true });
  try {
    // wx: of two windows that make it at once one wins, and nothing that lies there is written through.
    await writeFile(file, randomBytes(32).toString("hex"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  return (await readFile(file, "utf8")).trim();
}

/** Names a secret storage without telling anything that is in it. */
export async function secretStoreId(secrets: Pick<SecretStore, "get" | "store">): Promise<string> {
  const token = await engineToken(secrets);
  return createHash("sha256").update(`secret store ${token}`).digest("hex").slice(0, 16);
}
