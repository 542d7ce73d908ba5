import type { ProviderClass } from "../../config/schema/policy";
import type { Caller } from "../caller";

/** What is known of a request before it goes anywhere. */
export interface PolicyFacts {
  /** Absolute path of the workspace folder. */
  readonly workspace?: string;
  /** Address of its git remote, as git has it. */
  readonly remote?: string;
  readonly trusted?: boolean;
  /** Labels of the gateway key. */
  readonly labels: Readonly<Record<string, string>>;
  /** What the request says it is for, and what its key is for; a rule fits if it fits one of them. */
  readonly tasks: readonly string[];
  /** Kinds of secrets found in the request. Absent: nobody could look, which counts as found. */
  readonly secrets?: readonly string[];
}

/** Where a request would go. */
export interface PolicyTarget {
  readonly provider: string;
  readonly model: string;
  readonly providerClass: ProviderClass;
}

/** The gateway key's label that says what it is for. */
const TASK_LABEL = "task";

/**
 * What the caller of a request makes known.
 * @param taskHeader the request's `x-postern-task`; it adds to the key's own task and does not replace it, so that a
 *   tool cannot leave a rule by naming another task
 */
export function factsOf(caller: Caller, taskHeader?: string): PolicyFacts {
  const { workspace, labels } = caller;
  const tasks = [taskHeader, labels[TASK_LABEL]].flatMap((task) => (task?.trim() ? [task.trim()] : []));
  return {
    labels,
    tasks: [...new Set(tasks)],
    ...(workspace?.folder ? { workspace: workspace.folder } : {}),
    ...(workspace?.remote === undefined ? {} : { remote: workspace.remote }),
    ...(workspace?.trusted === undefined ? {} : { trusted: workspace.trusted }),
  };
}

/**
 * A git remote as host and path, so that one pattern fits each way of writing it: `https://user@github.com/a/b.git`,
 * `git@github.com:a/b` and `ssh://git@github.com:22/a/b` are all `github.com/a/b`.
 */
export function plainRemote(remote: string): string {
  const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/@]*@)?([^/:]+)(?::\d+)?\/(.*)$/i.exec(remote.trim());
  const scp = /^(?:[^/@]+@)?([^/:@]+):(?!\/\/)(.*)$/.exec(remote.trim());
  const [host, path] = url ? [url[1], url[2]] : scp ? [scp[1], scp[2]] : ["", remote.trim()];
  const tidy = (path ?? "").replace(/^\/+|\/+$/g, "").replace(/\.git$/i, "");
  return (host ? `${host}/${tidy}` : tidy).toLowerCase();
}
