import { logSafeText } from "../../core/errors";
import { openEngine, type ServeOptions } from "../headless";
import { untilSignal } from "../lifecycle/untilSignal";
import { StdioBridge } from "./stdioBridge";

/** `postern mcp --config FILE`. @returns the exit code */
export async function serveMcp(options: ServeOptions, keyName?: string): Promise<number> {
  const name = keyName ?? options.loaded.engine.gateway.keys[0]?.name;
  if (name === undefined) {
    process.stderr.write(
      "gateway.keys: has no key on whose behalf to ask; add one, so that its limits apply\n",
    );
    return 2;
  }
  const headless = await openEngine(options);
  if (!headless) return 2;
  try {
    await headless.engine.serveMcp(name, process.stdin, process.stdout, untilSignal());
    return 0;
  } catch (error) {
    process.stderr.write(`${logSafeText(error)}\n`);
    return 1;
  } finally {
    await headless.close();
  }
}

/**
 * `postern mcp --url URL`. The key is not taken as an argument, which other users of the machine can read.
 * @returns the exit code
 */
export async function joinMcp(url: string, key: string | undefined): Promise<number> {
  const target = gatewayUrl(url);
  if (target === undefined) {
    process.stderr.write(
      "--url must be a gateway's address, such as http://127.0.0.1:4141; plain http only on this machine, since the gateway key goes there\n",
    );
    return 2;
  }
  if (!key) {
    process.stderr.write("POSTERN_KEY must hold a gateway key\n");
    return 2;
  }
  await new StdioBridge(target, key, process.stdout).run(process.stdin, untilSignal());
  return 0;
}

function gatewayUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.username !== "" || url.password !== "") return undefined;
  if (url.protocol !== "https:" && !(url.protocol === "http:" && local)) return undefined;
  return new URL("/mcp", url);
}
