import type { Readable } from "node:stream";
import * as z from "zod";
import type { EngineBoot } from "../../core/rpc/contract";

const MAX_BOOT_BYTES = 16 * 1024;
const BOOT_TIMEOUT_MS = 10_000;

const bootSchema = z.object({
  token: z.string().min(32),
  pipePath: z.string().min(1),
  dataDir: z.string().min(1),
});

/**
 * Reads the first line of the standard input, where the window that starts the engine puts what must not stand in
 * its arguments or environment.
 * @throws Error if it does not come, or is not what it should be
 */
export async function readBoot(input: Readable): Promise<EngineBoot> {
  const line = await new Promise<string>((resolve, reject) => {
    let text = "";
    const timer = setTimeout(
      () => reject(new Error("no boot line came on the standard input")),
      BOOT_TIMEOUT_MS,
    );
    const finish = () => {
      clearTimeout(timer);
      resolve(text.split("\n")[0] ?? "");
    };
    input.setEncoding("utf8");
    input.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > MAX_BOOT_BYTES) input.destroy(new Error("the boot line is too long"));
      else if (text.includes("\n")) finish();
    });
    input.on("end", finish);
    input.on("error", reject);
  });
  input.removeAllListeners();
  input.destroy();
  return bootSchema.parse(JSON.parse(line));
}
