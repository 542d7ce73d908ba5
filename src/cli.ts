import { parseArgs } from "node:util";
import { check, loadConfigFile, problemLines, serve } from "./engine/runtime";

const HELP = `postern ${POSTERN_VERSION}: one local gateway for your model providers

  postern serve --config FILE [--host H] [--port P]   run the gateway; port 0 takes any free one
  postern check --config FILE [--probe [--model ID]] [--json]
                                                      validate FILE and ask each provider for its models;
                                                      --probe also tries whether a model answers, streams and
                                                      calls tools, which costs some hundred tokens
  postern --version
  postern --help

serve prints one line of JSON when it listens; logs go to standard error.
Exit codes: 0 fine, 1 failed, 2 wrong use or a bad configuration.
`;

/** A fault of the command line itself. */
class UsageError extends Error {}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.version) {
    process.stdout.write(`${POSTERN_VERSION}\n`);
    return 0;
  }
  const [command] = positionals;
  if (values.help || command === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  if (command !== "serve" && command !== "check")
    throw new UsageError(command ? `unknown command "${command}"` : "no command given");
  if (positionals.length > 1) throw new UsageError(`unexpected "${positionals[1]}"`);
  // Node takes an empty host for every address of the machine: an unset variable in a script would open the gateway.
  if (values.host?.trim() === "") throw new UsageError("--host must not be empty");
  if (values.config === undefined) throw new UsageError("--config FILE is missing");
  if (values.model !== undefined && !values.probe) throw new UsageError("--model goes with --probe");
  const result = loadConfigFile(values.config);
  if (!result.ok) {
    process.stderr.write(`${problemLines(result.problems)}\n`);
    return 2;
  }
  if (command === "check") {
    const write = (line: string): boolean => process.stdout.write(`${line}\n`);
    const { probe = false, json = false, model } = values;
    const options = { probe, json, ...(model === undefined ? {} : { model }) };
    const allWork = await check(result.loaded.engine, write, options);
    return allWork ? 0 : 1;
  }
  return serve({
    loaded: result.loaded,
    version: POSTERN_VERSION,
    ...(values.host === undefined ? {} : { host: values.host }),
    ...(values.port === undefined ? {} : { port: portOf(values.port) }),
  });
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        config: { type: "string" },
        host: { type: "string" },
        port: { type: "string" },
        probe: { type: "boolean" },
        model: { type: "string" },
        json: { type: "boolean" },
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

// A reader that has gone (a closed terminal, `| head`) must not take the gateway with it.
for (const output of [process.stdout, process.stderr]) output.on("error", () => {});

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${HELP}`);
    process.exit(2);
  },
);
