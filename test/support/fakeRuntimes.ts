import { chmod, mkdir, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

/** A fake server of models on a port of its own. */
export interface FakeRuntime {
  readonly origin: string;
  readonly port: number;
  /** What it was asked: method, path and headers. */
  readonly asked: { readonly path: string; readonly headers: http.IncomingHttpHeaders }[];
  close(): Promise<void>;
}

/** Answers by path; a text that is not JSON is sent as it is. A path that is missing is a 404. */
export type Answers = Readonly<Record<string, unknown>>;

export async function startFakeRuntime(answers: Answers): Promise<FakeRuntime> {
  const asked: FakeRuntime["asked"] = [];
  const server = http.createServer((request, response) => {
    const at = request.url ?? "";
    asked.push({ path: at, headers: request.headers });
    const answer = answers[at];
    if (answer === undefined) {
      response.writeHead(404, { "content-type": "text/plain" }).end("404 page not found");
      return;
    }
    const text = typeof answer === "string" ? answer : JSON.stringify(answer);
    response.writeHead(200, { "content-type": "application/json" }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** What Ollama answers: https://docs.ollama.com/api/tags */
export function ollamaAnswers(...names: string[]): Answers {
  return {
    "/": "Ollama is running",
    "/api/tags": { models: names.map((name) => ({ name, model: name, details: { family: "x" } })) },
    "/v1/models": { object: "list", data: names.map((id) => ({ id, object: "model", owned_by: "library" })) },
  };
}

/** What LM Studio's server answers: https://github.com/lmstudio-ai/lms, https://lmstudio.ai/docs/developer/openai-compat */
export function lmStudioAnswers(...ids: string[]): Answers {
  return {
    "/lmstudio-greeting": { lmstudio: true },
    "/v1/models": {
      object: "list",
      data: ids.map((id) => ({ id, object: "model", owned_by: "organization_owner" })),
    },
  };
}

/** A list of models as vLLM (`vllm`), llama.cpp (`llamacpp`) and Foundry Local send it. */
export function openAiListAnswers(owner: string, ...ids: string[]): Answers {
  return {
    "/v1/models": { object: "list", data: ids.map((id) => ({ id, object: "model", owned_by: owner })) },
  };
}

/**
 * Puts a program of this name into a folder, which prints by its arguments what `cases` says and notes what it was
 * called with and the names of the variables it got in `<name>.log`.
 */
export async function writeFakeProgram(
  folder: string,
  name: string,
  cases: Readonly<Record<string, string>>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const lines = Object.entries(cases).map(
    ([args, output]) => `  ${shellQuoted(args)}) cat <<'FAKE_OUTPUT'\n${output}\nFAKE_OUTPUT\n  ;;`,
  );
  const log = shellQuoted(path.join(folder, `${name}.log`));
  const script = [
    "#!/bin/sh",
    `{ echo "$*"; env | cut -d= -f1; } >> ${log}`,
    'case "$*" in',
    ...lines,
    `  *) echo "● error: Unrecognized command or argument '$1'." >&2; exit 1 ;;`,
    "esac",
  ].join("\n");
  const file = path.join(folder, name);
  await writeFile(file, `${script}\n`);
  await chmod(file, 0o755);
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
