import * as vscode from "vscode";
import type { AgentImage } from "../../core/agent/contract";

/** What was asked in Chat, as the agent is told it. */
export interface AskedInChat {
  readonly prompt: string;
  readonly images: readonly AgentImage[];
  /** What was attached and cannot be told. */
  readonly leftOut: readonly string[];
}

/** What was asked, with what was attached to it; the agent reads files by itself, but for images that are in no file. */
export async function askedInChat({
  prompt,
  references,
}: Pick<vscode.ChatRequest, "prompt" | "references">): Promise<AskedInChat> {
  const told = [prompt];
  const images: AgentImage[] = [];
  const leftOut: string[] = [];
  for (const { id, modelDescription, value } of references) {
    const where = placeOf(value);
    if (where !== undefined) told.push(`Attached: ${where}`);
    else if (isImage(value)) {
      const data = Buffer.from(await value.data()).toString("base64");
      images.push({ mimeType: value.mimeType, data });
    } else leftOut.push(modelDescription ?? id);
  }
  return { prompt: told.join("\n\n"), images, leftOut };
}

function placeOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const uri = value instanceof vscode.Location ? value.uri : value;
  if (!(uri instanceof vscode.Uri) || uri.scheme !== "file") return undefined;
  if (!(value instanceof vscode.Location)) return uri.fsPath;
  return `${uri.fsPath}, lines ${value.range.start.line + 1} to ${value.range.end.line + 1}`;
}

/** VS Code's `ChatReferenceBinaryData`, which its API does not name yet. */
function isImage(value: unknown): value is { readonly mimeType: string; data(): PromiseLike<Uint8Array> } {
  if (typeof value !== "object" || value === null || !("mimeType" in value) || !("data" in value))
    return false;
  return String(value.mimeType).startsWith("image/") && typeof value.data === "function";
}
