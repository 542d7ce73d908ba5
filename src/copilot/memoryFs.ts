import type { SessionFsProvider } from "@github/copilot-sdk";

const SESSION_FOLDER = "/s";

/** Where the runtime looks for a session's past, and writes what comes of it. */
export const EVENTS_FILE = `${SESSION_FOLDER}/events.jsonl`;
export const SESSION_STATE_PATH = SESSION_FOLDER;

/** What one request may take in memory besides its own past; a runtime that goes mad must not fill ours. */
const MAX_CHARACTERS = 256 * 1024 * 1024;

/** A session's files, in memory and gone with the request: nothing of a prompt comes to the disk. */
export class MemoryFs implements SessionFsProvider {
  private readonly files: Map<string, string>;

  constructor(files: Readonly<Record<string, string>>) {
    this.files = new Map(Object.entries(files));
  }

  async readFile(path: string): Promise<string> {
    const content = this.files.get(path);
    if (content === undefined) throw missing(path);
    return content;
  }

  async writeFile(path: string, content: string): Promise<void> {
    this.put(path, content);
  }

  async appendFile(path: string, content: string): Promise<void> {
    this.put(path, (this.files.get(path) ?? "") + content);
  }

  async exists(path: string): Promise<boolean> {
    return this.files.has(path) || this.isFolder(path);
  }

  async stat(path: string) {
    const content = this.files.get(path);
    if (content === undefined && !this.isFolder(path)) throw missing(path);
    const time = new Date().toISOString();
    const isFile = content !== undefined;
    const size = isFile ? Buffer.byteLength(content) : 0;
    return { isFile, isDirectory: !isFile, size, mtime: time, birthtime: time };
  }

  async mkdir(): Promise<void> {}

  async readdir(path: string): Promise<string[]> {
    return this.entries(path).map(({ name }) => name);
  }

  async readdirWithTypes(path: string) {
    return this.entries(path);
  }

  async rm(path: string, _recursive: boolean, force: boolean): Promise<void> {
    let found = this.files.delete(path);
    for (const name of this.files.keys())
      if (name.startsWith(`${path}/`)) found = this.files.delete(name) || found;
    if (!found && !force) throw missing(path);
  }

  async rename(from: string, to: string): Promise<void> {
    const content = this.files.get(from);
    if (content === undefined) throw missing(from);
    this.files.delete(from);
    this.files.set(to, content);
  }

  clear(): void {
    this.files.clear();
  }

  private put(path: string, content: string): void {
    if (content.length > MAX_CHARACTERS) throw Object.assign(new Error("too large"), { code: "ENOSPC" });
    this.files.set(path, content);
  }

  private isFolder(path: string): boolean {
    if (path === "/" || path === SESSION_FOLDER) return true;
    for (const name of this.files.keys()) if (name.startsWith(`${path}/`)) return true;
    return false;
  }

  private entries(path: string): { readonly name: string; readonly type: "file" | "directory" }[] {
    const found = new Map<string, "file" | "directory">();
    for (const name of this.files.keys()) {
      if (!name.startsWith(`${path}/`)) continue;
      const [first = "", ...rest] = name.slice(path.length + 1).split("/");
      found.set(first, rest.length > 0 ? "directory" : "file");
    }
    return [...found].map(([name, type]) => ({ name, type }));
  }
}

function missing(path: string): Error {
  return Object.assign(new Error(`no such file: ${path}`), { code: "ENOENT" });
}
