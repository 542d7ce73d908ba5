import { isAbsolute, join } from "node:path";
import { repositorySource } from "../../core/governance/policy/parsePolicy";
import type { PolicySource } from "../../core/governance/policy/sources";
import { markOf, readPolicyFile } from "./policyFile";

export const REPOSITORY_FILE = ".postern.json";

const MAX_BYTES = 64 * 1024;
/** Folders whose files are remembered; windows have a handful. */
const KEPT = 100;

/** The policies of workspace folders, each read anew when its file has changed. */
export class RepositoryPolicies {
  private readonly cached = new Map<string, { readonly mark: string; readonly source: PolicySource }>();

  /**
   * @param folder the caller's workspace folder
   * @returns undefined where the folder has no such file, or is not on this machine
   */
  async source(folder: string): Promise<PolicySource | undefined> {
    if (!isAbsolute(folder)) return undefined;
    const path = join(folder, REPOSITORY_FILE);
    const found = await markOf(path);
    if (found === null) {
      this.cached.delete(folder);
      return undefined;
    }
    const mark = JSON.stringify(found);
    const cached = this.cached.get(folder);
    if (cached?.mark === mark) return cached.source;
    const source = await readSource(path);
    if (source) this.remember(folder, mark, source);
    return source;
  }

  private remember(folder: string, mark: string, source: PolicySource): void {
    this.cached.delete(folder);
    this.cached.set(folder, { mark, source });
    const [oldest] = this.cached.keys();
    if (this.cached.size > KEPT && oldest !== undefined) this.cached.delete(oldest);
  }
}

async function readSource(path: string): Promise<PolicySource | undefined> {
  const file = await readPolicyFile(path, { maxBytes: MAX_BYTES });
  if (file.kind === "absent") return undefined;
  if (file.kind === "refused") return { origin: "repository", fault: `${path} ${file.reason}.` };
  return repositorySource(file.text, path);
}
