import { asArray, asObject, isObject, parseJson } from "../json/access";

/** Kinds of nodes and pieces: https://github.com/microsoft/vscode-prompt-tsx/blob/main/src/base/jsonTypes.ts */
const TEXT_NODE = 2;
const IMAGE_PIECE = 3;
/** Nested deeper than anybody writes a prompt. */
const MAX_DEPTH = 200;

/** The text of a prompt-tsx tree; of anything else its JSON. */
export function promptTsxText(value: unknown): string {
  const root = typeof value === "string" ? parseJson(value) : value;
  if (!isObject(root) || !isObject(root.node)) return typeof value === "string" ? value : jsonText(value);
  const out: string[] = [];
  collect(root.node, out, 0);
  return out.join("");
}

function collect(value: unknown, out: string[], depth: number): void {
  const node = asObject(value);
  if (depth > MAX_DEPTH) return;
  if (node.type === TEXT_NODE) {
    if (node.lineBreakBefore) out.push("\n");
    if (typeof node.text === "string") out.push(node.text);
  } else if (node.ctor === IMAGE_PIECE) out.push("<image>");
  else for (const child of asArray(node.children)) collect(child, out, depth + 1);
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}
