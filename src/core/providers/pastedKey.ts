import type { ProviderType } from "../config/schema";
import { AZURE_HOST } from "./baseUrl";
import type { ProviderPreset } from "./preset";
import { PROVIDER_PRESETS } from "./presets";
import { isLoopbackHost } from "./runtimes";

/** A key as it was pasted, made ready to store; or why it cannot be one. */
export type PastedKey =
  | { readonly ok: true; readonly key: string }
  | { readonly ok: false; readonly fault: string };

/**
 * A variable's or a header's name before its value, as shells, PowerShell, `.env`, YAML, JSON and curl write it. A name
 * with small letters must say that a key follows: keys themselves may have a `=` or a `:` in them.
 */
const NAMED =
  /^(?:export\s+|set\s+|\$env:)?["']?(?:[A-Z][A-Z0-9_]*|[A-Za-z_-]*(?:key|token|secret|authorization)[A-Za-z0-9_-]*)["']?\s*(?:=(?!=)|:(?!\/\/))\s*(?=\S)/i;
const SMALL_NAME = /^(?:[Ee]xport\s+|[Ss]et\s+|\$[Ee]nv:)?["']?[A-Z0-9_]*[a-z]/;
const SAYS_KEY = /key|token|secret|authorization/i;
const SETX = /^setx\s+[A-Za-z_][A-Za-z0-9_]*\s+(?=\S)/i;
const MORE_LINES = /[\r\n]\s*(?:export\s+|set\s+|\$env:)?[A-Za-z_][A-Za-z0-9_]*\s*=(?!=)\s*\S/;

/** What pages and editors put around text without showing it: zero widths, marks of direction, a BOM. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g;

/** People paste keys with quotes, line ends, a variable's name or a whole header around them. */
export function cleanPastedKey(text: string): PastedKey {
  const pasted = text.replace(INVISIBLE, "").trim();
  if (MORE_LINES.test(pasted))
    return fault("There is more than one line here that sets a value. Copy only this provider's key.");
  let key = unquote(pasted.replace(/^(?:-H|--header)\s+/, ""));
  if (/^\{[\s\S]*\}$/.test(key)) key = key.slice(1, -1).trim();
  // `Authorization: Bearer KEY` and `NAME="KEY"` take two turns, `export NAME='Bearer KEY'` three.
  for (let turn = 0; turn < 3; turn++)
    key = unquote(withoutName(key).replace(/[,;]+$/, "")).replace(/^bearer(\s+|$)/i, "");
  // A terminal or a mail wraps long keys; a line break inside one is never meant.
  key = key.replace(/\s*[\r\n]+\s*/g, "").trim();
  return checked(key);
}

function withoutName(text: string): string {
  const named = NAMED.exec(text)?.[0];
  if (named === undefined) return text.replace(SETX, "");
  return SMALL_NAME.test(named) && !SAYS_KEY.test(named) ? text : text.slice(named.length);
}

function checked(key: string): PastedKey {
  if (key === "") return fault("The key is empty.");
  if (/^\$\{?[A-Za-z_]|^%[A-Za-z_]+%$|^<.*>$|^\{\{.*\}\}$/.test(key))
    return fault("This is the name of a variable or a place for the key, not the key. Paste the key itself.");
  if (/\.\.\.|…|[*•]{3}|x{8}/i.test(key))
    return fault("This key is shortened for display. Copy the whole key, or make a new one.");
  if (/\s/.test(key)) return fault("A key has no spaces in it. Copy only the key itself.");
  if (/["'`]/.test(key)) return fault("A key has no quotes in it. Copy only the key itself.");
  if (!/^[\x21-\x7e]+$/.test(key)) return fault("A key has only plain characters. Copy it again.");
  if (/^https?:\/\//i.test(key)) return fault("This is an address, not a key.");
  return { ok: true, key };
}

function fault(text: string): PastedKey {
  return { ok: false, fault: text };
}

/** Only what is quoted as a whole: `"apiKey": "KEY"` is not. */
function unquote(text: string): string {
  const inner = /^["'`“”‘’]([^"'`“”‘’]*)["'`“”‘’][;,]?$/.exec(text.trim());
  return inner?.[1]?.trim() ?? text.trim();
}

/** What is shorter may begin like a key by chance. */
const MIN_KEY = 16;

/** Whose keys begin so, and where they may go. */
interface KeyForm {
  readonly begin: string;
  readonly owner: string;
  readonly hosts: readonly string[];
}

/** The forms of the presets' keys, the longest first: Anthropic's and OpenRouter's begin like OpenAI's. */
const KEY_FORMS: readonly KeyForm[] = [
  ...PROVIDER_PRESETS.flatMap((preset) =>
    (preset.keyForms ?? []).map((begin) => ({ begin, owner: ownerOf(preset), hosts: hostsOf(preset) })),
  ),
  { begin: "pst_", owner: "Postern's own gateway", hosts: [] },
].sort((one, other) => other.begin.length - one.begin.length);

/** Whether a text begins as some company's keys do, and is as long as one. */
export function hasKeyForm(text: string): boolean {
  return text.length >= MIN_KEY && KEY_FORMS.some(({ begin }) => text.startsWith(begin));
}

/** Hosts of one owner, which take no other's keys. A gateway of somebody's own may take any form. */
const OWN_HOSTS: readonly string[] = PROVIDER_PRESETS.filter(({ address }) =>
  address.startsWith("https://"),
).flatMap(hostsOf);

/**
 * Whose key this seems to be, if not the provider's that it is given to. Only a public host is suspected: sending a
 * key to the wrong company gives it away, while a company's own gateway hands out keys of any form.
 */
export function foreignKeyOwner(
  key: string,
  provider: { readonly type: ProviderType; readonly baseUrl: string },
): string | undefined {
  if (!URL.canParse(provider.baseUrl)) return undefined;
  const host = new URL(provider.baseUrl).hostname.toLowerCase();
  const begin = KEY_FORMS.find((form) => key.startsWith(form.begin))?.begin;
  if (begin === undefined) return undefined;
  const owners = KEY_FORMS.filter((form) => form.begin === begin);
  if (owners.some(({ hosts }) => below(hosts, host))) return undefined;
  if (begin === "pst_" && isLoopbackHost(host)) return undefined;
  const suspicious =
    begin === "pst_" || provider.type === "azure" || AZURE_HOST.test(host) || below(OWN_HOSTS, host);
  return suspicious ? oneOf([...new Set(owners.map(({ owner }) => owner))]) : undefined;
}

/** `Claude on Amazon Bedrock` and `DeepSeek, Anthropic API` take the keys of the company they are of. */
function ownerOf({ label }: ProviderPreset): string {
  return label.replace(/^Claude on /, "").replace(/,.*| Mantle$/, "");
}

/** The domain that a preset's address is in, and the others that take its keys. */
function hostsOf({ address, keyHosts = [] }: ProviderPreset): readonly string[] {
  const domain = /^https:\/\/(?:[^/]*\.)?([^./{}]+\.[^./{}]+)(?:\/|$)/.exec(address)?.[1];
  return domain === undefined ? keyHosts : [domain, ...keyHosts];
}

function below(domains: readonly string[], host: string): boolean {
  return domains.some((domain) => host === domain || host.endsWith(`.${domain}`));
}

function oneOf(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} or ${last}` : last;
}
