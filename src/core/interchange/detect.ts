import { asArray, asObject, isObject, nonEmpty } from "../json/access";
import { providersOfContinue } from "./continueConfig";
import { isVariable, providersOfDotenv } from "./dotenv";
import type { Found } from "./imported";
import type { KnownProviders } from "./known";
import { providersOfLitellm } from "./litellm";
import { providersOfOpencode } from "./opencode";
import { plainCopy, readJsonc, textFault, UnreadableFile } from "./readable";
import { providersOfVscode } from "./vscodeModels";

/** Reads YAML; loaded when a file is one. */
export type ReadYaml = (
  text: string,
) => Promise<{ readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly fault: string }>;

/** What a file turned out to be, in the words for the person. */
export interface ReadFile extends Found {
  readonly format: string;
}

/**
 * Reads a file of another program by its name and by what is in it.
 * @param name the file's name, without folders
 * @throws UnreadableFile that says why it is not read
 */
export async function readForeignFile(
  name: string,
  text: string,
  known: KnownProviders,
  readYaml: ReadYaml,
): Promise<ReadFile> {
  const fault = textFault(text);
  if (fault !== undefined) throw new UnreadableFile(fault);
  if (isDotenv(name, text)) return { format: "a .env file", ...providersOfDotenv(text, known) };
  const root = /\.ya?ml$/i.test(name) ? await yamlOf(text, readYaml) : readJsonc(text);
  if (Array.isArray(root))
    return { format: "VS Code's chatLanguageModels.json", ...providersOfVscode(root, known) };
  if (!isObject(root)) throw new UnreadableFile("there is no configuration in it");
  if (Array.isArray(root.model_list))
    return { format: "LiteLLM's configuration", ...providersOfLitellm(root, known) };
  if (isObject(root.provider) || /opencode/i.test(nonEmpty(root.$schema) ?? ""))
    return { format: "opencode's configuration", ...providersOfOpencode({ config: root }, known) };
  if (asArray(root.models).some((model) => isObject(model) && ("provider" in model || "uses" in model)))
    return { format: "Continue's configuration", ...providersOfContinue(root, known) };
  const values = Object.values(root);
  if (
    values.length > 0 &&
    values.every((value) => /^(api|oauth|wellknown)$/.test(String(asObject(value).type)))
  )
    return { format: "opencode's auth.json", ...providersOfOpencode({ auth: root }, known) };
  throw new UnreadableFile(
    "it is none of these: a .env file, VS Code's chatLanguageModels.json, or the configuration of LiteLLM, Continue or opencode",
  );
}

/** By its name, or, where it has a name of the person's own, by its first line that is no comment. */
function isDotenv(name: string, text: string): boolean {
  if (/(^|\.)env(\.|$)/i.test(name)) return true;
  if (/\.(jsonc?|ya?ml)$/i.test(name)) return false;
  const lines = text.replace(/^\ufeff/, "").split(/[\r\n]+/);
  return isVariable(lines.find((line) => !/^\s*(#|$)/.test(line)) ?? "");
}

async function yamlOf(text: string, readYaml: ReadYaml): Promise<unknown> {
  const parsed = await readYaml(text);
  if (!parsed.ok) throw new UnreadableFile(parsed.fault);
  return plainCopy(parsed.value);
}
