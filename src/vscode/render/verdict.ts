import { continued, type Finding, type Remedy } from "../../core/diagnosis/finding";
import type { ProviderStatus } from "../../core/rpc/contract";
import { counted } from "./numbers";

/** The engine's sentence without the provider's name in front, where it stands beside the name anyway. */
export function withoutName(sentence: string, id: string): string {
  const prefix = `Provider "${id}": `;
  return sentence.startsWith(prefix) ? sentence.slice(prefix.length) : sentence;
}

/** The engine's verdict on a provider as a sentence that stands by itself. */
export function verdictSentence(verdict: string, id: string): string {
  const text = withoutName(verdict, id);
  // An address stays as it is.
  return /^[a-z]+(?:[ ,]|: )/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/** The same behind a colon: `failing: the key was refused`. */
export function verdictClause(verdict: string, id: string): string {
  return continued(withoutName(verdict, id));
}

/**
 * What came of asking a provider for its models again.
 * @param found the provider after that; undefined where the engine does not know it
 */
export function refreshedText(
  name: string,
  id: string,
  found: ProviderStatus | undefined,
): { readonly level: "info" | "warning"; readonly text: string } {
  const detail = found?.detail === undefined ? undefined : withoutName(found.detail, id);
  if (!found || found.modelsFrom === "unavailable")
    return { level: "warning", text: `${name}: ${detail ?? "the models could not be listed."}` };
  const models = counted(found.models.length, "model");
  // An earlier list serves on, which must not look as if it had come just now.
  if (found.state === "failing")
    return {
      level: "warning",
      text: `${name} could not be asked; it keeps the list it gave before (${models}): ${detail ?? "the last call failed."}`,
    };
  if (detail !== undefined) return { level: "warning", text: `${name} has ${models}, but it ${detail}.` };
  return { level: "info", text: `${name} has ${models}.` };
}

/** What stands on the button of a remedy. */
export function remedyLabel(remedy: Remedy): string {
  switch (remedy.kind) {
    case "setKey":
      return "Set Key";
    case "refreshCredential":
      return "Refresh Credential";
    case "changeAddress":
      return remedy.baseUrl === undefined ? "Change Address" : "Use That Address";
    case "changeType":
      return `Use Type "${remedy.type}"`;
    case "changeApi":
      return remedy.wireApi === "responses" ? "Use Responses" : "Use Chat Completions";
    case "changeApiVersion":
      return "Change API Version";
    case "nameModels":
      return "Name Models";
    case "startRuntime":
      return `Start ${remedy.runtime}`;
    case "openPage":
    case "runCommand":
      return remedy.label;
    case "openSettings":
      return "Open Settings";
    case "tryAgain":
      return "Try Again";
  }
}

/** What stands below the sentence: the provider's own words, if it had any. */
export function saidText({ said }: Pick<Finding, "said">): string | undefined {
  return said === undefined ? undefined : `The provider says: ${said}`;
}
