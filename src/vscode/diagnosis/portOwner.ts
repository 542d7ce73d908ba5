import { execFile } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import type { PortOwner } from "../../core/diagnosis/report/inputs";
import { get } from "./gatewayProbe";

const TIMEOUT_MS = 3_000;

/** Who listens on a port of this machine, as far as the system tells this user. */
export async function portOwner(port: number, signal: AbortSignal): Promise<PortOwner | undefined> {
  const [posternVersion, process] = await Promise.all([
    posternAt(port, signal),
    listener(port, signal).catch(() => undefined),
  ]);
  if (posternVersion === undefined && process === undefined) return undefined;
  return {
    ...(posternVersion === undefined ? {} : { posternVersion }),
    ...(process === undefined ? {} : { process }),
  };
}

/** Another gateway of Postern's says its version without a key. */
async function posternAt(port: number, signal: AbortSignal): Promise<string | undefined> {
  const answer = await get(`http://127.0.0.1:${port}/health`, {}, TIMEOUT_MS, signal);
  if (typeof answer === "string" || answer.status !== 200) return undefined;
  try {
    const { status, version } = JSON.parse(answer.text) as Record<string, unknown>;
    return status === "ok" && typeof version === "string" ? version.slice(0, 40) : undefined;
  } catch {
    return undefined;
  }
}

type Process = NonNullable<PortOwner["process"]>;

function listener(port: number, signal: AbortSignal): Promise<Process | undefined> {
  switch (process.platform) {
    case "linux":
      return linuxListener(port);
    case "win32":
      return windowsListener(port, signal);
    default:
      return unixListener(port, signal);
  }
}

/** The kernel's tables; other users' processes cannot be looked into. https://docs.kernel.org/networking/proc_net_tcp.html */
async function linuxListener(port: number): Promise<Process | undefined> {
  const tables = await Promise.all(
    ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFile(file, "latin1").catch(() => "")),
  );
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = new Set<string>();
  for (const line of tables.join("\n").split("\n")) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    // 0A: listening.
    if (local?.endsWith(`:${wanted}`) && state === "0A" && inode) inodes.add(`socket:[${inode}]`);
  }
  if (inodes.size === 0) return undefined;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const links = await Promise.all(
      descriptors.map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "")),
    );
    if (!links.some((link) => inodes.has(link))) continue;
    const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "a program");
    return { name: name.trim(), pid: Number(pid) };
  }
  return undefined;
}

/** `p` lines hold the process, `c` lines its command. */
async function unixListener(port: number, signal: AbortSignal): Promise<Process | undefined> {
  const text = await run("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"], signal);
  const pid = /^p(\d+)$/m.exec(text)?.[1];
  return pid === undefined
    ? undefined
    : { pid: Number(pid), name: /^c(.+)$/m.exec(text)?.[1] ?? "a program" };
}

async function windowsListener(port: number, signal: AbortSignal): Promise<Process | undefined> {
  const script = `$c = Get-NetTCPConnection -State Listen -LocalPort ${port} | Select-Object -First 1; $p = Get-Process -Id $c.OwningProcess; "$($p.Id) $($p.ProcessName)"`;
  const text = await run("powershell.exe", ["-NoProfile", "-NonInteractive", "-Command", script], signal);
  const found = /^(\d+) (\S.*)$/m.exec(text.trim());
  return found?.[1] && found[2] ? { pid: Number(found[1]), name: found[2].trim() } : undefined;
}

function run(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { timeout: TIMEOUT_MS, signal, windowsHide: true }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  });
}
