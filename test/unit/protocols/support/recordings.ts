import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { WireProtocol } from "../../../../src/core/protocols/wire";

export interface Recording {
  readonly name: string;
  readonly protocol: WireProtocol;
  readonly bytes: Buffer;
  readonly features: readonly string[];
}

const root = resolve(import.meta.dirname, "../../../..");
const own = join(root, "test/recordings/protocols");

/** The streams in the repository itself. */
export function ownStreams(): Recording[] {
  return readdirSync(own)
    .filter((file) => file.endsWith(".sse"))
    .map((file) => ({
      name: file,
      protocol: (file.split("-")[0] ?? "") as WireProtocol,
      bytes: readFileSync(join(own, file)),
      features: [],
    }));
}

/** One of them. */
export function ownStream(name: string): Buffer {
  return readFileSync(join(own, name));
}

/** Where recorded answers of real providers are; undefined where there are none. */
function sharedFolder(): string | undefined {
  const named = process.env.POSTERN_FIXTURES;
  return [named, join(root, "../shared/fixtures/dev")].find(
    (folder) => folder !== undefined && existsSync(join(folder, "manifest.jsonl")),
  );
}

const PROTOCOL: Record<string, WireProtocol> = {
  "openai-chat": "chat",
  "openai-responses": "responses",
  "anthropic-messages": "messages",
};

/** Recorded answers of real providers; undefined where the folder is absent. They are not part of this repository. */
export function sharedRecordings(kind: "stream" | "json"): Recording[] | undefined {
  const folder = sharedFolder();
  if (folder === undefined) return undefined;
  return readFileSync(join(folder, "manifest.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter((row) => row.kind === kind && row.status < 400 && PROTOCOL[row.protocol])
    .map((row) => ({
      name: row.file,
      protocol: PROTOCOL[row.protocol] as WireProtocol,
      bytes: readFileSync(join(folder, row.file)),
      features: row.features,
    }));
}
