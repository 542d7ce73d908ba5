import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface MuteRuntime {
  /** The program. */
  readonly path: string;
  /** The process that has got to where it is silent; 0 before that. */
  pid(): number;
}

/** Writes a runtime into a folder that answers everything until it is asked `method`, and then nothing any more. */
export function muteRuntime(folder: string, method: string): MuteRuntime {
  const path = join(folder, "mute-runtime.js");
  const reached = join(folder, "mute-runtime.pid");
  writeFileSync(
    path,
    `const answers = { connect: { ok: true, protocolVersion: 3, version: "mute" }, ping: { protocolVersion: 3 } };
let text = "";
let mute = false;
process.stdin.on("end", () => process.exit(0));
process.stdin.setEncoding("latin1").on("data", (chunk) => {
  text += chunk;
  for (;;) {
    const [head, length] = /^content-length: (\\d+)[\\s\\S]*?\\r\\n\\r\\n/i.exec(text) ?? [];
    if (!head || text.length < head.length + Number(length)) return;
    const { id, method, params } = JSON.parse(text.slice(head.length, head.length + Number(length)));
    text = text.slice(head.length + Number(length));
    if (method === ${JSON.stringify(method)} && !mute) {
      mute = true;
      require("node:fs").writeFileSync(${JSON.stringify(reached)}, String(process.pid));
    }
    if (mute || id === undefined) continue;
    const body = JSON.stringify({ jsonrpc: "2.0", id, result: answers[method] ?? { success: true, sessionId: params?.sessionId } });
    process.stdout.write("Content-Length: " + Buffer.byteLength(body) + "\\r\\n\\r\\n" + body);
  }
});
`,
  );
  return { path, pid: () => (existsSync(reached) ? Number(readFileSync(reached, "utf8")) : 0) };
}

/** Whether a process is there. */
export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
