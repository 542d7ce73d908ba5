import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** The files below a folder that hold a text. Links are not followed; what cannot be read is passed over. */
export function filesWith(text: string, folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...filesWith(text, path));
    else if (entry.isFile() && holds(path, text)) found.push(path);
  }
  return found;
}

function holds(path: string, text: string): boolean {
  try {
    return statSync(path).size < 50_000_000 && readFileSync(path).includes(text);
  } catch {
    return false;
  }
}
