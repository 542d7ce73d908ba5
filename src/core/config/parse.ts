import { type ParseError, parse as parseJsonc, printParseErrorCode } from "jsonc-parser";
import { copilotFaults } from "../copilot/terms";
import { KEY_HEADERS } from "../gateway/presentedKeys";
import { baseUrlFault } from "../providers/baseUrl";
import { loopbackOrigin } from "../providers/runtimes";
import { type ConfigProblem, problemsOf } from "./problems";
import { environmentReference, mistakenReference } from "./reference";
import { repeatedRoutes } from "./routes";
import { type Config, configSchema, isProviderType, type ProviderConfig, providerSchema } from "./schema";

/** `file`: a literal key is the owner's choice. `settings`: VS Code syncs and shows settings, so only `${env:…}`. */
export type ConfigSource = "file" | "settings";

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Parses the headless configuration file: JSON, with comments and trailing commas allowed. All faults at once. */
export function parseConfigText(fileText: string): ConfigResult {
  // Windows' editors put a byte order mark in front.
  const text = fileText.replace(/^\ufeff/, "");
  const errors: ParseError[] = [];
  const value: unknown = parseJsonc(text, errors, { allowTrailingComma: true });
  if (errors.length > 0) {
    const problems = errors.map(({ error, offset }) => ({
      path: "",
      message: `is not valid JSON: ${printParseErrorCode(error)} at ${lineAndColumn(text, offset)}`,
    }));
    return { ok: false, problems };
  }
  return validateConfig(value);
}

/** Validates a whole configuration; every fault is reported, each with its path. */
export function validateConfig(value: unknown): ConfigResult {
  const parsed = configSchema.safeParse(value, { reportInput: true });
  const problems = parsed.success ? [] : problemsOf(parsed.error);
  problems.push(...crossChecks(value), ...repeatedRoutes(field(value, "routes")));
  if (!parsed.success || problems.length > 0) return { ok: false, problems };
  return { ok: true, config: parsed.data };
}

/** A provider entry from the settings: usable, or with the reasons why it is not. */
export type CheckedProvider =
  | { readonly ok: true; readonly provider: ProviderConfig }
  | { readonly ok: false; readonly id: string; readonly problems: readonly ConfigProblem[] };

/**
 * Validates each provider by itself, so that one edited into nonsense does not take the others with it.
 * @param value the raw setting `postern.providers`
 */
export function checkProviders(value: unknown, source: ConfigSource): CheckedProvider[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    return [
      { ok: false, id: "postern.providers", problems: [{ path: "providers", message: "must be a list" }] },
    ];
  }
  const seen = new Set<string>();
  const ids = value.map((entry: unknown) => fieldText(entry, "id"));
  return value.map((entry: unknown, index) => {
    const parsed = providerSchema.safeParse(entry, { reportInput: true });
    const problems = parsed.success ? [] : problemsOf(parsed.error, ["providers", index]);
    const faults = providerFaults(entry, index, source);
    problems.push(...(hasOwnId(ids, index) ? faults : faults.map(withoutRemedy)));
    const id = fieldText(entry, "id") ?? `#${index + 1}`;
    if (seen.has(id)) problems.push(duplicateId(id, index));
    seen.add(id);
    if (!parsed.success || problems.length > 0) return { ok: false, id, problems };
    return { ok: true, provider: parsed.data };
  });
}

/** Whether an entry's id is one and no other's: only under such an id can a key be stored for it. */
function hasOwnId(ids: readonly (string | undefined)[], index: number): boolean {
  const id = ids[index];
  return providerSchema.shape.id.safeParse(id).success && ids.indexOf(id) === ids.lastIndexOf(id);
}

function withoutRemedy({ path, message }: ConfigProblem): ConfigProblem {
  return { path, message };
}

function crossChecks(value: unknown): ConfigProblem[] {
  const providers = field(value, "providers");
  if (!Array.isArray(providers)) return [];
  const ids = providers.map((entry: unknown) => fieldText(entry, "id"));
  return providers.flatMap((entry: unknown, index) => {
    const id = ids[index];
    const faults = providerFaults(entry, index, "file");
    return id !== undefined && ids.indexOf(id) < index ? [...faults, duplicateId(id, index)] : faults;
  });
}

function duplicateId(id: string, index: number): ConfigProblem {
  return {
    path: `providers[${index}].id`,
    message: `"${id}" is the id of an earlier provider; each needs its own`,
  };
}

/** What the schema cannot say: addresses under the wrong type, and keys where none may stand. */
function providerFaults(entry: unknown, index: number, source: ConfigSource): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const type = fieldText(entry, "type");
  const baseUrl = fieldText(entry, "baseUrl");
  if (baseUrl !== undefined && isProviderType(type)) {
    const allowMetadataAddress = field(entry, "allowMetadataAddress") === true;
    const fault = baseUrlFault({ type, baseUrl, allowMetadataAddress });
    if (fault !== null) problems.push({ path: `providers[${index}].baseUrl`, message: fault });
    if (field(entry, "runtime") !== undefined && loopbackOrigin(baseUrl) === undefined) {
      const message = "is only for an address on this machine, such as http://127.0.0.1:PORT/v1";
      problems.push({ path: `providers[${index}].runtime`, message });
    }
  }
  if (type === "copilot") problems.push(...copilotFaults(entry, index));
  problems.push(...credentialFaults(entry, index, source));
  if (source === "file") {
    for (const name of ["apiKey", "bearerToken"]) {
      const message = mistakenReference(fieldText(entry, name) ?? "");
      if (message !== undefined) problems.push({ path: `providers[${index}].${name}`, message });
    }
  }
  if (source === "settings") {
    problems.push(...literalKeyHeaders(entry, index));
    for (const name of ["apiKey", "bearerToken"] as const) {
      const literal = fieldText(entry, name);
      if (literal !== undefined && environmentReference(literal) === undefined) {
        problems.push({
          path: `providers[${index}].${name}`,
          message:
            "a key must not stand in the settings; move it to the secret storage, or write ${env:NAME}",
          remedy: "moveKeyToSecretStorage",
        });
      }
    }
  }
  problems.push(...repeatedModels(entry, index));
  return problems;
}

/** Kinds that only VS Code has: its secret storage and its accounts. */
const NEEDS_VSCODE: Readonly<Record<string, string>> = {
  stored: "the secret storage is VS Code's; use kind env with the name of a variable",
  entra: "the Microsoft account is VS Code's; use kind command with: az account get-access-token",
  github:
    "the GitHub account is VS Code's; use kind env with the name of a variable, or kind command with: gh auth token",
};

function credentialFaults(entry: unknown, index: number, source: ConfigSource): ConfigProblem[] {
  const credentials = field(entry, "credentials");
  if (!Array.isArray(credentials)) return [];
  const at = `providers[${index}]`;
  const problems = (["apiKey", "bearerToken"] as const)
    .filter((name) => field(entry, name) !== undefined)
    .map((name) => ({
      path: `${at}.${name}`,
      message: "is given beside credentials; give one or the other",
    }));
  const labels = credentials.map((credential: unknown) => fieldText(credential, "label"));
  credentials.forEach((credential: unknown, place) => {
    const label = labels[place];
    if (label !== undefined && labels.indexOf(label) < place)
      problems.push({ path: `${at}.credentials[${place}].label`, message: `"${label}" is there twice` });
    const needs = source === "file" ? NEEDS_VSCODE[fieldText(credential, "kind") ?? ""] : undefined;
    if (needs !== undefined) problems.push({ path: `${at}.credentials[${place}].kind`, message: needs });
  });
  return problems;
}

/** A scheme, perhaps, and a reference; nothing that could be a key itself. */
export const KEY_BY_REFERENCE = /^(?:(?:bearer|basic|token|api-?key) )?\$\{env:[A-Za-z_][A-Za-z0-9_]*\}$/i;

/** A key in a header is a key all the same. */
function literalKeyHeaders(entry: unknown, index: number): ConfigProblem[] {
  const headers = field(entry, "headers");
  if (typeof headers !== "object" || headers === null) return [];
  const own = fieldText(entry, "authHeader")?.toLowerCase();
  return Object.entries(headers).flatMap(([name, value]) => {
    const header = name.toLowerCase();
    const holdsKey = header === own || (KEY_HEADERS as readonly string[]).includes(header);
    if (!holdsKey || typeof value !== "string" || KEY_BY_REFERENCE.test(value)) return [];
    const message = "a key must not stand in the settings; write ${env:NAME} in its place";
    return [{ path: `providers[${index}].headers.${name}`, message }];
  });
}

function repeatedModels(entry: unknown, index: number): ConfigProblem[] {
  const models = field(entry, "models");
  if (!Array.isArray(models)) return [];
  const ids = models.map((model: unknown) => fieldText(model, "id"));
  return ids.flatMap((id, at) =>
    id !== undefined && ids.indexOf(id) < at
      ? [{ path: `providers[${index}].models[${at}].id`, message: `"${id}" is listed twice` }]
      : [],
  );
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function fieldText(value: unknown, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === "string" ? found : undefined;
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}
