import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

/** What has been told to end may tidy up for so long. */
const GRACE_MS = 1_000;
const LOOK_EVERY_MS = 100;

interface Running {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/**
 * What a runtime has started, as it is now: of what it leaves behind later nobody knows any more whose it was.
 * @returns what ends all of it that is still there after a moment, with the groups that it is in
 */
export async function startedBy(runtime: number | undefined): Promise<() => Promise<void>> {
  if (runtime === undefined) return async () => {};
  // While the runtime is there Windows knows what belongs to it.
  if (process.platform === "win32")
    return () => said("taskkill", "/pid", `${runtime}`, "/t", "/f").then(() => {});
  const all = await processes();
  const known = new Set([runtime]);
  for (let before = 0; before !== known.size; ) {
    before = known.size;
    for (const { pid, parent } of all) if (known.has(parent)) known.add(pid);
  }
  const ownGroup = all.find(({ pid }) => pid === runtime)?.group;
  const started = all.filter(({ pid }) => pid !== runtime && known.has(pid));
  return async () => {
    for (let waited = 0; started.length > 0; waited += LOOK_EVERY_MS) {
      const now = await processes();
      // A number may be somebody else's by now, but not with the same group.
      const left = started.filter(({ pid, group }) =>
        now.some((one) => one.pid === pid && one.group === group),
      );
      if (left.length === 0) return;
      if (waited < GRACE_MS) await pause(LOOK_EVERY_MS);
      else {
        for (const { pid, group } of left) end(group === ownGroup ? pid : -group);
        return;
      }
    }
  };
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself, or with the others of its group.
  }
}

async function processes(): Promise<readonly Running[]> {
  const lines =
    process.platform === "linux"
      ? linuxLines()
      : (await said("ps", "-A", "-o", "pid=,ppid=,pgid=")).split("\n");
  return lines.map((line) => {
    const [pid = 0, parent = 0, group = 0] = line.trim().split(/\s+/).map(Number);
    return { pid, parent, group };
  });
}

/** Small containers have no `ps`. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function linuxLines(): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // A name may have brackets and blanks in it.
      const [state, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return state === "Z" ? [] : [`${pid} ${parent} ${group}`];
    } catch {
      return [];
    }
  });
}

function said(program: string, ...args: string[]): Promise<string> {
  return new Promise((resolve) => {
    // Windows looks for a program in the folder it is started in first: it must not be the repository.
    execFile(program, args, { cwd: tmpdir(), windowsHide: true, timeout: 5_000 }, (_error, stdout) =>
      resolve(stdout),
    );
  });
}
