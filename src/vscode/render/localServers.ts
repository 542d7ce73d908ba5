import { RUNTIMES, type Runtime } from "../../core/providers/runtimes";
import type { LocalServer } from "../runtimes/localRuntimes";
import { counted } from "./numbers";

/** At most this many models are named beside a server. */
const NAMED_MODELS = 4;

/** A server that was found on this machine, for a row of the list: `running, 3 models` and which. */
export function serverText(server: LocalServer): { readonly text: string; readonly detail?: string } {
  if (server.state === "stopped") return { text: `not running; start it with: ${plainCommand(server)}` };
  const { models } = server;
  if (models === undefined) return { text: "running" };
  const count = models.length === 0 ? "no models yet" : counted(models.length, "model");
  const more = models.length > NAMED_MODELS ? ` and ${models.length - NAMED_MODELS} more` : "";
  const named = models.slice(0, NAMED_MODELS).map(short).join(", ") + more;
  return { text: `running, ${count}`, ...(named === "" ? {} : { detail: named }) };
}

/** A local server may say anything. */
function short(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}…` : name;
}

type Startable = Pick<Extract<LocalServer, { state: "stopped" }>, "program" | "start"> | Runtime;

/** The command that starts a server, as its documentation writes it. */
export function plainCommand({ program, start }: Startable): string {
  const name =
    program
      .split(/[\\/]/)
      .at(-1)
      ?.replace(/\.exe$/i, "") ?? program;
  return [name, ...start].join(" ");
}

/** The same for a terminal; a program that is not on the PATH is named in full, as the usual shell wants it. */
export function startCommand(server: Startable, platform: NodeJS.Platform): string {
  const { program, start } = server;
  const known = Object.values(RUNTIMES).some((runtime) => runtime.program === program);
  if (known) return plainCommand(server);
  // PowerShell, the usual shell on Windows, takes a quoted path for a text without the `&`.
  const quoted =
    platform === "win32" ? `& '${program.replaceAll("'", "''")}'` : `'${program.replaceAll("'", `'\\''`)}'`;
  return [quoted, ...start].join(" ");
}
