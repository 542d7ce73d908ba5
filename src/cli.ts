import { statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { TASK_FOLDER } from "./core/agent/taskFile";
import {
  askAgent,
  check,
  compareModels,
  deviceFlow,
  dieQuietly,
  downloadCopilot,
  type ExportOptions,
  exportData,
  joinMcp,
  keepRequestsYoung,
  loadConfigFile,
  NamedFileError,
  type PolicyTestQuestion,
  PosternError,
  problemLines,
  rulesOf,
  serve,
  serveMcp,
  testPolicy,
  verifyData,
} from "./engine/runtime";

const HELP = `postern ${POSTERN_VERSION}: one local gateway for your model providers

  postern serve --config FILE [--host H] [--port P]   run the gateway; port 0 takes any free one
  postern check --config FILE [--probe [--model ID]] [--json]
                                                      validate FILE and ask each provider for its models;
                                                      --probe also tries whether a model answers, streams and
                                                      calls tools, which costs some hundred tokens
  postern policy test --config FILE [facts]           say which policy rules a request would meet, and why
      [--workspace DIR] [--remote URL] [--trusted | --untrusted] [--task TASK] [--model MODEL]
      [--key NAME] [--label NAME=VALUE]… [--body FILE]
  postern mcp --config FILE [--key NAME]              speak MCP on the standard streams, on behalf of the gateway key
                                                      NAME (the first, if none is named)
  postern mcp --url URL                               the same through a gateway that runs at URL, e.g.
                                                      http://127.0.0.1:4141; its key is in POSTERN_KEY
  postern agent --config FILE --model MODEL [--dir DIR] [--allow read,edit,run] [--resume ID] "TASK"
                                                      let Copilot's agent do TASK in DIR (here, if none is named)
                                                      with a model of your own; what --allow does not name is
                                                      asked for at the terminal, and refused without one
  postern compare --config FILE [--models A,B] [--dir DIR] [--parallel N] [--yes] TASKFILE
                                                      let each model do a task in a checkout of its own, and
                                                      tell who passed and at what cost; --yes agrees to the
                                                      commands that TASKFILE names
  postern audit verify --data DIR [--head HASH]       check that nothing in the audit was changed or taken out
  postern audit export --data DIR [--format jsonl|csv] [--out FILE] [--content]
      [--from TIME] [--until TIME] [--key NAME] [--provider ID] [--workspace DIR]
  postern copilot download --config FILE [--registry URL]
                                                      fetch the GitHub Copilot runtime into FILE's dataDir
  postern login github --client-id ID [--github URL]  sign in by a code that is entered in a browser, with an OAuth
                                                      app of your own; the token is printed and kept nowhere
  postern --version
  postern --help

--allow-commands beside --config FILE lets the programs run that FILE names under credentials.

serve prints one line of JSON when it listens; logs go to standard error.
Exit codes: 0 fine, 1 failed or refused, 2 wrong use or a bad configuration.
`;

/** Commands that run on a configuration file. */
const NEED_CONFIG = ["serve", "check", "policy test", "mcp", "agent", "compare", "copilot download"] as const;

/** Read only where somebody uses a Copilot subscription. */
const loadCopilot = () => import("./copilot");

/** A fault of the command line itself. */
class UsageError extends Error {}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.version) {
    process.stdout.write(`${POSTERN_VERSION}\n`);
    return 0;
  }
  const command = commandOf(positionals);
  if (values.help || command === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  if (command === "audit verify") return verifyData(dataFolder(values.data), values.head, printLine) ? 0 : 1;
  if (command === "audit export") {
    await exportData(dataFolder(values.data), exportOptions(values), values.out);
    return 0;
  }
  if (command === "login github") {
    const { "client-id": clientId = process.env.POSTERN_GITHUB_CLIENT_ID, github = "https://github.com" } =
      values;
    if (!clientId) throw new UsageError("--client-id ID is missing: the id of an OAuth app of your own");
    if (!URL.canParse(github)) throw new UsageError(`--github must be an address, not "${github}"`);
    const tell = (line: string) => process.stderr.write(`${line}\n`);
    printLine(await deviceFlow({ clientId, baseUrl: github, tell }));
    return 0;
  }
  if (command === "mcp" && values.url !== undefined) {
    if (values.config !== undefined) throw new UsageError("--url and --config exclude each other");
    return joinMcp(values.url, process.env.POSTERN_KEY);
  }
  if (!NEED_CONFIG.some((name) => name === command))
    throw new UsageError(command ? `unknown command "${command}"` : "no command given");
  // Node takes an empty host for every address of the machine: an unset variable in a script would open the gateway.
  if (values.host?.trim() === "") throw new UsageError("--host must not be empty");
  if (values.config === undefined) throw new UsageError("--config FILE is missing");
  if (command === "check" && values.model !== undefined && !values.probe)
    throw new UsageError("--model goes with --probe");
  if (values.registry !== undefined && !URL.canParse(values.registry))
    throw new UsageError(`--registry must be an address, not "${values.registry}"`);
  const result = loadConfigFile(values.config, values["allow-commands"]);
  if (!result.ok) {
    process.stderr.write(`${problemLines(result.problems)}\n`);
    return 2;
  }
  if (command === "policy test") {
    const sent = await testPolicy(result.loaded.engine, questionOf(values), printLine);
    return sent ? 0 : 1;
  }
  if (command === "copilot download") {
    const path = await downloadCopilot(result.loaded, loadCopilot, values.registry, (line) =>
      process.stderr.write(`${line}\n`),
    );
    printLine(path);
    return 0;
  }
  if (command === "check") {
    const { probe = false, json = false, model } = values;
    const options = { probe, json, ...(model === undefined ? {} : { model }) };
    const allWork = await check(result.loaded, printLine, options, loadCopilot);
    return allWork ? 0 : 1;
  }
  if (command === "agent" || command === "compare")
    return runAgent(command, result.loaded, values, positionals);
  if (command === "mcp")
    return serveMcp({ loaded: result.loaded, version: POSTERN_VERSION, loadCopilot }, values.key);
  return serve({
    loaded: result.loaded,
    version: POSTERN_VERSION,
    loadCopilot,
    ...(values.host === undefined ? {} : { host: values.host }),
    ...(values.port === undefined ? {} : { port: portOf(values.port) }),
  });
}

/** Both take their subject as a second word. */
function runAgent(
  command: "agent" | "compare",
  loaded: Parameters<typeof serve>[0]["loaded"],
  { model, dir, allow = "", resume, models = "", parallel, yes = false }: ReturnType<typeof parse>["values"],
  [, subject]: readonly string[],
): Promise<number> {
  if (subject === undefined)
    throw new UsageError(command === "agent" ? "TASK is missing" : "TASKFILE is missing");
  const listed = (text: string) => text.split(",").flatMap((word) => word.trim() || []);
  if (!rulesOf(listed(allow)))
    throw new UsageError('--allow takes "read", "edit" and "run", with commas between');
  const folder = resolve(dir ?? (command === "compare" ? folderOfTask(subject) : "."));
  // A program that cannot be started there fails in words about streams.
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`--dir: there is no folder ${folder}`);
  const options = {
    loaded,
    version: POSTERN_VERSION,
    loadCopilot,
    loadAgent: () => import("./copilot/agent"),
    folder,
    allow: listed(allow),
  };
  if (command === "compare") {
    const atOnce = parallel === undefined ? {} : { parallel: countOf("--parallel", parallel) };
    return compareModels({ ...options, file: subject, models: listed(models), yes, ...atOnce });
  }
  if (model === undefined) throw new UsageError("--model MODEL is missing");
  return askAgent({ ...options, model, prompt: subject, ...(resume === undefined ? {} : { resume }) });
}

/** The one whose task it is, wherever one stands oneself. */
function folderOfTask(file: string): string {
  const folder = resolve(file, "../../..");
  return dirname(resolve(file)) === join(folder, TASK_FOLDER) ? folder : ".";
}

function countOf(option: string, text: string): number {
  if (!/^[1-9]\d?$/.test(text))
    throw new UsageError(`${option} must be a number from 1 to 99, not "${text}"`);
  return Number(text);
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Commands of two words are one command; anything beyond it is a mistake. */
function commandOf(positionals: readonly string[]): string | undefined {
  const [first, second] = positionals;
  if (first === "agent" || first === "compare") {
    if (positionals.length > 2)
      throw new UsageError(`unexpected "${positionals[2]}"; put the task in quotes`);
    return first;
  }
  const words = first === "policy" || first === "audit" || first === "copilot" || first === "login" ? 2 : 1;
  if (positionals.length > words) throw new UsageError(`unexpected "${positionals[words]}"`);
  return words === 2 && second !== undefined ? `${first} ${second}` : first;
}

function questionOf(values: ReturnType<typeof parse>["values"]): PolicyTestQuestion {
  const { workspace, remote, task, model, key, body, label = [] } = values;
  if (values.trusted && values.untrusted)
    throw new UsageError("--trusted and --untrusted exclude each other");
  const labels = label.map((text): [string, string] => {
    const at = text.indexOf("=");
    if (at <= 0) throw new UsageError(`--label must be NAME=VALUE, not "${text}"`);
    return [text.slice(0, at), text.slice(at + 1)];
  });
  return {
    labels: Object.fromEntries(labels),
    ...(workspace === undefined ? {} : { workspace }),
    ...(remote === undefined ? {} : { remote }),
    ...(values.trusted || values.untrusted ? { trusted: values.trusted === true } : {}),
    ...(task === undefined ? {} : { task }),
    ...(model === undefined ? {} : { model }),
    ...(key === undefined ? {} : { key }),
    ...(body === undefined ? {} : { body }),
  };
}

function dataFolder(data: string | undefined): string {
  if (data === undefined) throw new UsageError("--data DIR is missing");
  return data;
}

function exportOptions(values: ReturnType<typeof parse>["values"]): ExportOptions {
  const { format = "jsonl", key, provider, workspace, content = false } = values;
  if (format !== "jsonl" && format !== "csv")
    throw new UsageError(`--format must be jsonl or csv, not "${format}"`);
  if (content && format === "csv") throw new UsageError("--content goes with --format jsonl");
  const from = timeOf("--from", values.from);
  const until = timeOf("--until", values.until);
  return {
    format,
    content,
    filter: {
      ...(from === undefined ? {} : { from }),
      ...(until === undefined ? {} : { until }),
      ...(key === undefined ? {} : { gatewayKey: key }),
      ...(provider === undefined ? {} : { provider }),
      ...(workspace === undefined ? {} : { workspace: resolve(workspace) }),
    },
  };
}

/** A date is its beginning in local time; a time says its zone, or is local. */
function timeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00` : text);
  if (Number.isNaN(time)) throw new UsageError(`${option} must be a date such as 2027-01-31, not "${text}"`);
  return time;
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        config: { type: "string" },
        url: { type: "string" },
        dir: { type: "string" },
        allow: { type: "string" },
        resume: { type: "string" },
        models: { type: "string" },
        parallel: { type: "string" },
        yes: { type: "boolean" },
        "allow-commands": { type: "boolean" },
        host: { type: "string" },
        port: { type: "string" },
        workspace: { type: "string" },
        remote: { type: "string" },
        trusted: { type: "boolean" },
        untrusted: { type: "boolean" },
        task: { type: "string" },
        model: { type: "string" },
        probe: { type: "boolean" },
        json: { type: "boolean" },
        key: { type: "string" },
        label: { type: "string", multiple: true },
        body: { type: "string" },
        data: { type: "string" },
        head: { type: "string" },
        format: { type: "string" },
        out: { type: "string" },
        content: { type: "boolean" },
        from: { type: "string" },
        until: { type: "string" },
        provider: { type: "string" },
        registry: { type: "string" },
        "client-id": { type: "string" },
        github: { type: "string" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean", short: "v" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535)
    throw new UsageError(`--port must be a number from 0 to 65535, not "${text}"`);
  return port;
}

dieQuietly("postern");
keepRequestsYoung();

// A reader that has gone (a closed terminal, `| head`) must not take the gateway with it.
for (const output of [process.stdout, process.stderr]) output.on("error", () => {});

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof PosternError) {
      process.stderr.write(`${error.message}\n`);
      process.exit(error instanceof NamedFileError ? 2 : 1);
    }
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${HELP}`);
    process.exit(2);
  },
);
