import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ModelStatus } from "../../core/rpc/contract";
import { type Log, messageOf } from "../common/log";

/** A provider's models as they were last known. */
export interface RememberedModels {
  /** The provider that they are of; under another address they are not its models any more. */
  readonly baseUrl: string;
  readonly models: readonly ModelStatus[];
}
/** By the provider's id. */
export type Remembered = Readonly<Record<string, RememberedModels>>;

/** Keeps the models from one window to the next, so that Chat's picker has them before an engine runs. */
export interface ModelMemory {
  load(): Promise<Remembered>;
  save(models: Remembered): Promise<void>;
}

/** In a file of the extension's storage folder; no secret is in it, only what a picker shows. */
export class ModelFile implements ModelMemory {
  private readonly file: string;
  private saving: Promise<void> = Promise.resolve();

  constructor(
    private readonly folder: string,
    private readonly log: Log,
  ) {
    this.file = path.join(folder, "chat-models.json");
  }

  async load(): Promise<Remembered> {
    try {
      const content: unknown = JSON.parse(await readFile(this.file, "utf8"));
      if (typeof content !== "object" || content === null) return {};
      return Object.fromEntries(Object.entries(content).filter(([, entry]) => isRemembered(entry)));
    } catch {
      // None yet, or not ours any more: the engine is asked instead.
      return {};
    }
  }

  /** One after the other, or an older list might come to stand over a newer one. */
  save(models: Remembered): Promise<void> {
    this.saving = this.saving.then(() => this.write(models));
    return this.saving;
  }

  private async write(models: Remembered): Promise<void> {
    try {
      await mkdir(this.folder, { recursive: true });
      // Whole or not at all: another window may read it.
      const own = `${this.file}.${process.pid}`;
      await writeFile(own, JSON.stringify(models), { mode: 0o600 });
      await rename(own, this.file);
    } catch (error) {
      this.log.debug(`The models for Chat could not be kept: ${messageOf(error)}`);
    }
  }
}

function isRemembered(entry: unknown): entry is RememberedModels {
  if (typeof entry !== "object" || entry === null) return false;
  const { baseUrl, models } = entry as Record<string, unknown>;
  return typeof baseUrl === "string" && Array.isArray(models) && models.every(isModel);
}

function isModel(model: unknown): boolean {
  if (typeof model !== "object" || model === null) return false;
  const { id, facts } = model as Record<string, unknown>;
  return typeof id === "string" && typeof facts === "object" && facts !== null;
}
