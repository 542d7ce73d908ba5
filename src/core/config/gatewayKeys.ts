import { type ConfigProblem, problemsOf } from "./problems";
import { environmentReference } from "./reference";
import { type GatewayKeyConfig, gatewayKeySchema } from "./schema";

/** A gateway key of the settings: usable, or with the reasons why it is not. */
export type CheckedGatewayKey =
  | { readonly ok: true; readonly key: GatewayKeyConfig }
  | { readonly ok: false; readonly name: string; readonly problems: readonly ConfigProblem[] };

/**
 * Validates each entry of the setting `postern.gateway.keys` by itself; a key may stand there as
 * `${env:NAME}` or as its hash only.
 */
export function checkGatewayKeys(value: unknown): CheckedGatewayKey[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    const problems = [{ path: "gateway.keys", message: "must be a list" }];
    return [{ ok: false, name: "postern.gateway.keys", problems }];
  }
  const names = new Set<string>();
  return value.map((entry: unknown, index): CheckedGatewayKey => {
    const path = ["gateway", "keys", index];
    const parsed = gatewayKeySchema.safeParse(entry);
    if (!parsed.success) {
      return { ok: false, name: `#${index + 1}`, problems: problemsOf(parsed.error, path) };
    }
    const { name, key } = parsed.data;
    const problems: ConfigProblem[] = [];
    if (key !== undefined && environmentReference(key) === undefined) {
      const message =
        "a gateway key must not stand in the settings; write ${env:NAME} or use New Gateway Key";
      problems.push({ path: `gateway.keys[${index}].key`, message });
    }
    if (names.has(name))
      problems.push({ path: `gateway.keys[${index}].name`, message: `"${name}" is taken` });
    names.add(name);
    return problems.length > 0 ? { ok: false, name, problems } : { ok: true, key: parsed.data };
  });
}
