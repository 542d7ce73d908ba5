import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { MAX_FILE, UnreadableFile } from "../../core/interchange/readable";

/** Where other programs keep their configuration, as far as it is to be found on this machine. */
export interface ForeignFile {
  readonly label: string;
  readonly path: string;
}

export interface ForeignHost {
  readonly platform: string;
  readonly home: string;
  readonly environment: (name: string) => string | undefined;
  /** Folder of VS Code's user settings, above the extension's global storage. */
  readonly userFolder: string;
}

/**
 * The usual places.
 * @see https://opencode.ai/docs/config and https://docs.continue.dev/reference
 */
export function usualFiles({ home, environment, userFolder }: ForeignHost): ForeignFile[] {
  const config = environment("XDG_CONFIG_HOME") ?? path.join(home, ".config");
  const data = environment("XDG_DATA_HOME") ?? path.join(home, ".local", "share");
  const file = (label: string, ...parts: string[]): ForeignFile => ({ label, path: path.join(...parts) });
  return [
    file("VS Code's language models", userFolder, "chatLanguageModels.json"),
    file("opencode", config, "opencode", "opencode.json"),
    file("opencode", config, "opencode", "opencode.jsonc"),
    file("opencode's keys", data, "opencode", "auth.json"),
    file("Continue", home, ".continue", "config.yaml"),
    file("Continue", home, ".continue", "config.json"),
    file("LiteLLM", config, "litellm", "config.yaml"),
  ];
}

/** Those that are there. */
export async function presentFiles(files: readonly ForeignFile[]): Promise<ForeignFile[]> {
  const found = await Promise.all(
    files.map(async (file) => {
      const stats = await stat(file.path).catch(() => undefined);
      return stats?.isFile() ? [file] : [];
    }),
  );
  return found.flat();
}

/**
 * A file's text.
 * @throws UnreadableFile
 */
export async function readForeignText(file: string): Promise<string> {
  const stats = await stat(file).catch(() => undefined);
  // A pipe or a device, also behind a link, would be read for ever.
  if (!stats?.isFile()) throw new UnreadableFile("it is not a file");
  if (stats.size > MAX_FILE) throw new UnreadableFile("it is larger than 1 MB");
  try {
    const text = await readFile(file, "utf8");
    if (text.length > MAX_FILE) throw new UnreadableFile("it is larger than 1 MB");
    return text;
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    throw new UnreadableFile("it cannot be read");
  }
}
