import { lstat, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Environment } from "../../core/config/reference";
import { administratorSource } from "../../core/governance/policy/parsePolicy";
import type { PolicySource } from "../../core/governance/policy/sources";
import { type FileMark, markOf, readPolicyFile } from "./policyFile";

const MAX_BYTES = 1024 * 1024;

/** Where an administrator puts the policy of a machine. */
export function administratorPolicyPath(platform: NodeJS.Platform, environment: Environment): string {
  if (platform === "win32")
    return join(environment("ProgramData") ?? "C:\\ProgramData", "Postern", "policy.json");
  if (platform === "darwin") return "/Library/Application Support/Postern/policy.json";
  return "/etc/postern/policy.json";
}

/** Who has to own the file, and who may not write it. */
export interface Ownership {
  readonly platform: NodeJS.Platform;
  /** The administrator's user id; 0 but in tests. */
  readonly uid: number;
}

/**
 * The machine's policy, read anew when it has changed. A file that somebody other than the administrator can write is
 * worth nothing, and is refused, and with it every request: else the person whom it is to bind could replace it.
 */
export class AdministratorPolicy {
  private cached: { readonly mark: string; readonly source: PolicySource | undefined } | undefined;

  constructor(
    private readonly path: string,
    private readonly ownership: Ownership,
  ) {}

  /** @returns undefined where the machine has none */
  async source(): Promise<PolicySource | undefined> {
    const mark = JSON.stringify([await markOf(this.path), await folderMark(this.path)]);
    if (this.cached?.mark === mark) return this.cached.source;
    const source = await this.read();
    this.cached = { mark, source };
    return source;
  }

  private async read(): Promise<PolicySource | undefined> {
    const file = await readPolicyFile(this.path, { maxBytes: MAX_BYTES, check: (stat) => this.fault(stat) });
    if (file.kind === "absent") return undefined;
    const reason = file.kind === "refused" ? file.reason : await this.folderFault();
    if (reason !== undefined) return { origin: "administrator", fault: `${this.path} ${reason}.` };
    return file.kind === "read" ? administratorSource(file.text, this.path) : undefined;
  }

  private fault({ uid, mode }: { readonly uid: number; readonly mode: number }): string | undefined {
    if (this.ownership.platform === "win32") return undefined;
    if (uid !== this.ownership.uid) return "does not belong to the administrator (root)";
    return (mode & 0o022) === 0 ? undefined : "can be written by others than its owner (chmod 644)";
  }

  /** Who can write the folder can put another file in its place. */
  private async folderFault(): Promise<string | undefined> {
    if (this.ownership.platform === "win32")
      return (await canWrite(this.path)) ? "can be written by you, who it is to bind" : undefined;
    const stat = await lstat(dirname(this.path));
    const fault = stat.isSymbolicLink() ? "is a link" : this.fault({ uid: stat.uid, mode: stat.mode });
    return fault && `is in a folder that ${fault.replace("chmod 644", "chmod 755")}`;
  }
}

/** Windows' rights are not in `mode`; whether this user may open the file for writing is what they come to. */
async function canWrite(path: string): Promise<boolean> {
  try {
    const file = await open(path, "r+");
    await file.close();
    return true;
  } catch {
    return false;
  }
}

async function folderMark(path: string): Promise<Pick<FileMark, "ctimeMs"> | null> {
  const mark = await markOf(dirname(path));
  return mark && { ctimeMs: mark.ctimeMs };
}
