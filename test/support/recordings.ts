import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./gateway";

export type Protocol = "chat" | "responses" | "messages";

/** A provider's answer as it stood on the wire. */
export interface Recording {
  readonly name: string;
  readonly protocol: Protocol;
  readonly kind: "stream" | "json";
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** A recording of our own making, from test/recordings. */
export function recording(file: string): Buffer {
  return readFileSync(join(import.meta.dirname, "..", "recordings", file));
}

const OWN: readonly [string, Protocol][] = [
  ["chat-text.sse", "chat"],
  ["chat-tools.sse", "chat"],
  ["chat.json", "chat"],
  ["messages-thinking.sse", "messages"],
  ["messages-tools.sse", "messages"],
  ["messages.json", "messages"],
  ["responses-tools.sse", "responses"],
  ["responses.json", "responses"],
];

export function ownRecordings(): Recording[] {
  return OWN.map(([name, protocol]) => {
    const kind = name.endsWith(".sse") ? "stream" : "json";
    const contentType = kind === "stream" ? "text/event-stream; charset=utf-8" : "application/json";
    return { name, protocol, kind, status: 200, contentType, bytes: recording(name) };
  });
}

const PROTOCOLS: Record<string, Protocol> = {
  "openai-chat": "chat",
  "openai-responses": "responses",
  "anthropic-messages": "messages",
};

interface ManifestLine {
  readonly protocol: string;
  readonly kind: "stream" | "json";
  readonly file: string;
  readonly status?: number;
  readonly contentType?: string;
}

/** Recordings of real providers, which are not part of the project; none where the folder is not there. */
export function foreignRecordings(): Recording[] {
  const folder = process.env.POSTERN_FIXTURES ?? join(root, "..", "shared", "fixtures", "dev");
  const manifest = join(folder, "manifest.jsonl");
  if (!existsSync(manifest)) {
    console.log(`No recordings of real providers at ${folder} (POSTERN_FIXTURES); only our own are played.`);
    return [];
  }
  return readFileSync(manifest, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line) => {
      const { protocol: dialect, kind, file, status, contentType } = JSON.parse(line) as ManifestLine;
      const protocol = PROTOCOLS[dialect];
      if (!protocol) return [];
      const fallback = kind === "stream" ? "text/event-stream" : "application/json";
      return [
        {
          name: file,
          protocol,
          kind,
          status: status ?? 200,
          contentType: contentType ?? fallback,
          bytes: readFileSync(join(folder, file)),
        },
      ];
    });
}

export const PATH: Record<Protocol, string> = {
  chat: "/v1/chat/completions",
  responses: "/v1/responses",
  messages: "/v1/messages",
};

/** Cuts bytes into pieces: as a whole, each byte for itself, or at places that the seed decides. */
export function cutInto(bytes: Uint8Array, how: "whole" | "bytes" | number): Uint8Array[] {
  if (how === "whole") return [bytes];
  if (how === "bytes") return Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
  const pieces: Uint8Array[] = [];
  let state = how;
  for (let at = 0; at < bytes.length; ) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    const size = 1 + ((state >> 8) % 97);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
