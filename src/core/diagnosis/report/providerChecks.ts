import type { Finding, Remedy } from "../finding";
import type { Check } from "./checks";
import type { DiagnosisInputs, ProviderInput } from "./inputs";

/** A line for each provider. */
export function providerChecks(providers: DiagnosisInputs["providers"]): readonly Check[] {
  if (providers.length > 0) return providers.flatMap(linesOf);
  const add: Remedy = { kind: "runCommand", label: "Add Provider", command: "postern.addProvider" };
  return [{ area: "Providers", level: "info", text: "There are none yet.", remedies: [add] }];
}

function linesOf(provider: ProviderInput): Check[] {
  const { id, index } = provider;
  const line = (level: Check["level"], text: string, remedies: readonly Remedy[] = []): Check => ({
    area: "Providers",
    level,
    text,
    remedies,
    provider: { id, index },
  });
  if (provider.kind === "faulty") {
    const settings: Remedy = { kind: "openSettings", query: "postern.providers" };
    return provider.problems.map(({ path, message }) =>
      line("problem", `${id}: ${path} ${message}.`, [settings]),
    );
  }
  const { enabled, test, credential } = provider;
  const what = `${id} (${kindOf(provider)}, ${credential})`;
  if (!enabled) return [line("info", `${what}: disabled.`)];
  if (!test) return [line("info", `${what}: not tested.`)];
  if (!test.ok) return [line("problem", `${what}: ${test.verdict}`, test.finding?.remedies)];
  const offered = provider.models === 1 ? "1 model is offered" : `${provider.models} models are offered`;
  const fine = line("ok", `${what}: ${test.verdict} (${test.latencyMs} ms); ${offered}.`);
  if (provider.models > 0) return [fine];
  const none = `${what}: it has no models, so nothing can be asked of it. Name them, or refresh them.`;
  return [fine, line("warning", none, [{ kind: "nameModels" }])];
}

function kindOf({ type, wireApi, baseUrl }: Extract<ProviderInput, { kind: "usable" }>): string {
  const api = wireApi === "responses" ? `${type}, Responses` : type;
  return `${api}, ${baseUrl}`;
}

/** The finding that a check stands for, so that its buttons are those of a test. */
export function findingOfCheck({ text, remedies }: Check): Pick<Finding, "sentence" | "remedies"> {
  return { sentence: text, remedies };
}
