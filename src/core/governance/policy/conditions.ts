import type { PolicyConditions } from "../../config/schema/policy";
import { matchesGlob, matchesPath } from "../../text/glob";
import { type PolicyFacts, type PolicyTarget, plainRemote } from "./facts";

/** One condition of a rule, and whether it fits. */
export interface Check {
  readonly condition: keyof PolicyConditions;
  readonly fits: boolean;
  /** What the rule wants, and what the request has, as a person reads it. */
  readonly wanted: string;
  readonly had: string;
}

type Wanted<K extends keyof PolicyConditions> = NonNullable<PolicyConditions[K]>;

/** The conditions on the request alone. */
export function requestChecks(when: PolicyConditions, facts: PolicyFacts): Check[] {
  return [
    check(when, "workspace", facts.workspace, (wanted) =>
      listOf(wanted).some((pattern) => fitsFolder(pattern, facts.workspace)),
    ),
    check(when, "remote", facts.remote && plainRemote(facts.remote), (wanted) =>
      listOf(wanted).some((pattern) => fitsRemote(pattern, facts.remote)),
    ),
    check(when, "trusted", trustText(facts.trusted), (wanted) => (facts.trusted === true) === wanted),
    check(when, "label", labelText(facts.labels), (wanted) =>
      Object.entries(wanted).every(([name, pattern]) => fits(pattern, facts.labels[name])),
    ),
    check(when, "task", facts.tasks.join(", "), (wanted) =>
      listOf(wanted).some((pattern) => facts.tasks.some((task) => fits(pattern, task))),
    ),
    check(when, "secrets", secretText(facts.secrets), (wanted) => fitsSecrets(wanted, facts.secrets)),
  ].flatMap((found) => found ?? []);
}

/** The conditions on where the request would go. */
export function targetChecks(when: PolicyConditions, target: PolicyTarget): Check[] {
  const found = check(when, "providerClass", target.providerClass, (wanted) =>
    listOf(wanted).includes(target.providerClass),
  );
  return found ? [found] : [];
}

/** Whether a rule would apply if only the request had secrets in it: then somebody has to look. */
export function dependsOnSecrets(when: PolicyConditions, facts: PolicyFacts): boolean {
  return (
    when.secrets !== undefined &&
    requestChecks({ ...when, secrets: undefined }, facts).every(({ fits }) => fits)
  );
}

function check<K extends keyof PolicyConditions>(
  when: PolicyConditions,
  condition: K,
  had: string | undefined,
  test: (wanted: Wanted<K>) => boolean,
): Check | undefined {
  const wanted = when[condition];
  if (wanted === undefined) return undefined;
  return { condition, fits: test(wanted as Wanted<K>), wanted: wantedText(wanted), had: had || "unknown" };
}

/** Whether a workspace's folder is meant by a pattern. */
export function fitsFolder(pattern: string, folder: string | undefined): boolean {
  if (folder === undefined) return false;
  // Windows does not tell cases apart, and says so by its drive letter.
  const windows = /^([a-z]:|\\\\)/i.test(folder);
  return windows ? matchesPath(pattern.toLowerCase(), folder.toLowerCase()) : matchesPath(pattern, folder);
}

function fitsRemote(pattern: string, remote: string | undefined): boolean {
  return remote !== undefined && matchesPath(plainRemote(pattern), plainRemote(remote));
}

function fitsSecrets(wanted: true | readonly string[], found: readonly string[] | undefined): boolean {
  if (found === undefined) return true;
  if (wanted === true) return found.length > 0;
  return wanted.some((pattern) => found.some((kind) => fits(pattern, kind)));
}

function fits(pattern: string, value: string | undefined): boolean {
  return value !== undefined && matchesGlob(pattern.toLowerCase(), value.toLowerCase());
}

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

function wantedText(wanted: unknown): string {
  if (Array.isArray(wanted)) return wanted.join(" or ");
  if (typeof wanted === "object" && wanted !== null) return labelText(wanted as Record<string, string>);
  return wanted === true ? "yes" : wanted === false ? "no" : String(wanted);
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}

function trustText(trusted: boolean | undefined): string | undefined {
  return trusted === undefined ? undefined : trusted ? "yes" : "no";
}

function secretText(secrets: readonly string[] | undefined): string {
  if (secrets === undefined) return "could not be looked for";
  return secrets.length === 0 ? "none" : secrets.join(", ");
}
