import { type Node, type ParseError, parseTree } from "jsonc-parser";

/** A file larger than this is nobody's configuration. In characters. */
export const MAX_FILE = 1024 * 1024;
const MAX_DEPTH = 40;
const MAX_NODES = 50_000;
const MAX_TEXT = 64 * 1024;
/** Names by which an object could be given another nature. */
const FORBIDDEN_NAMES = ["__proto__", "constructor", "prototype"];

/** A file that is not read, and why; the message holds nothing of the file. */
export class UnreadableFile extends Error {}

/** Why a text is not even looked at; undefined if it can be. */
export function textFault(text: string): string | undefined {
  if (text.length > MAX_FILE) return "it is larger than 1 MB";
  if (text.includes("\0")) return "it is not a text file";
  return undefined;
}

/**
 * JSON with comments and trailing commas, as plain objects that inherit nothing.
 * @throws UnreadableFile
 */
export function readJsonc(text: string): unknown {
  const fault = textFault(text);
  if (fault !== undefined) throw new UnreadableFile(fault);
  const errors: ParseError[] = [];
  const root = treeOf(text.replace(/^\ufeff/, ""), errors);
  const [error] = errors;
  if (error || !root)
    throw new UnreadableFile(`it is not valid JSON (line ${lineAt(text, error?.offset ?? 0)})`);
  return new Copy().ofNode(root, 0);
}

function treeOf(text: string, errors: ParseError[]): Node | undefined {
  try {
    return parseTree(text, errors, { allowTrailingComma: true });
  } catch {
    // The parser goes down into each level by itself, until there is no room left.
    throw new UnreadableFile("it is nested too deeply");
  }
}

/**
 * A copy of what a parser has made, with nothing in it that could harm: no other nature, no endless depth or width, no
 * control characters.
 * @throws UnreadableFile
 */
export function plainCopy(value: unknown): unknown {
  return new Copy().of(value, 0);
}

class Copy {
  private nodes = 0;

  ofNode(node: Node, depth: number): unknown {
    this.count(depth);
    if (node.type === "array") return (node.children ?? []).map((child) => this.ofNode(child, depth + 1));
    if (node.type !== "object") return this.scalar(node.value);
    return this.object(
      (node.children ?? []).map(({ children = [] }) => {
        const [name, value] = children;
        return [String(name?.value), value ? this.ofNode(value, depth + 1) : null];
      }),
    );
  }

  of(value: unknown, depth: number): unknown {
    this.count(depth);
    if (Array.isArray(value)) return value.map((item) => this.of(item, depth + 1));
    if (typeof value !== "object" || value === null) return this.scalar(value);
    return this.object(Object.entries(value).map(([name, item]) => [name, this.of(item, depth + 1)]));
  }

  private object(entries: readonly (readonly [string, unknown])[]): unknown {
    const copy: Record<string, unknown> = Object.create(null);
    for (const [name, value] of entries) {
      if (FORBIDDEN_NAMES.includes(name))
        throw new UnreadableFile("it has a field that no configuration has");
      copy[String(this.scalar(name))] = value;
    }
    return copy;
  }

  private scalar(value: unknown): unknown {
    if (typeof value === "string") {
      if (value.length > MAX_TEXT) throw new UnreadableFile("it has a text in it that is too long");
      if (/[^\P{Cc}\t\r\n]/u.test(value)) throw new UnreadableFile("it has control characters in it");
      return value;
    }
    return typeof value === "number" || typeof value === "boolean" ? value : null;
  }

  private count(depth: number): void {
    this.nodes += 1;
    if (depth > MAX_DEPTH) throw new UnreadableFile("it is nested too deeply");
    if (this.nodes > MAX_NODES) throw new UnreadableFile("it has too much in it");
  }
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
