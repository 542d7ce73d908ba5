import { credentialLabelSchema } from "../../core/config/schema";
import { freeLabel, type StoredSecret } from "../../core/credentials/stored";

/** Changes to what is stored for one provider. The order is that in which the keys are used. */
type Stored = readonly StoredSecret[];

/** What is wrong with a label; undefined if nothing is. */
export function labelFault(text: string, taken: readonly string[]): string | undefined {
  const label = text.trim();
  if (label === "") return "Give it a label: whose key is it, or what is it for?";
  if (!credentialLabelSchema.safeParse(label).success)
    return "Use up to 64 letters, digits, spaces, '.', '_', '-' and '@', a letter or digit first.";
  return taken.includes(label) ? `There is a key "${label}" already.` : undefined;
}

/** Adds one at the end, or puts it in the place of the one of its label. */
export function withSecret(stored: Stored, secret: StoredSecret): Stored {
  const known = stored.some(({ label }) => label === secret.label);
  if (!known) return [...stored, secret];
  return stored.map((other) => (other.label === secret.label ? secret : other));
}

/** Puts one to a place of its own, under a label that is free. */
export function withSecretAt(stored: Stored, at: number, secret: StoredSecret): Stored {
  const label = freeLabel(
    secret.label,
    stored.map((other) => other.label),
  );
  return [...stored.slice(0, at), { ...secret, label }, ...stored.slice(at)];
}

export function withoutSecret(stored: Stored, label: string): Stored {
  return stored.filter((secret) => secret.label !== label);
}

export function renamed(stored: Stored, label: string, to: string): Stored {
  if (stored.some((secret) => secret.label === to)) return stored;
  return stored.map((secret) => (secret.label === label ? { ...secret, label: to } : secret));
}

/** One place up or down. */
export function moved(stored: Stored, label: string, direction: "up" | "down"): Stored {
  const at = stored.findIndex((secret) => secret.label === label);
  const to = direction === "up" ? at - 1 : at + 1;
  const [from, other] = [stored[at], stored[to]];
  if (!from || !other) return stored;
  return stored.map((secret, index) => (index === at ? other : index === to ? from : secret));
}

/** Those of one address may go to another from now on. */
export function atAddress(stored: Stored, from: string, to: string): Stored {
  return stored.map((secret) => (secret.origin === from ? { ...secret, origin: to } : secret));
}
