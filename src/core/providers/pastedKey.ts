import type { ProviderType } from "../config/schema";

/** A key as it was pasted, made ready to store; or why it cannot be one. */
export type PastedKey =
  | { readonly ok: true; readonly key: string }
  | { readonly ok: false; readonly fault: string };

/** People paste keys with quotes, line ends, a variable's name or a whole header around them. */
export function cleanPastedKey(text: string): PastedKey {
  let key = text.trim();
  key = key.replace(/^(export\s+)?[A-Z][A-Z0-9_]*\s*=\s*(?=\S)/, "");
  key = unquote(key);
  key = key.replace(/^authorization\s*:\s*/i, "").replace(/^bearer\s+/i, "");
  // A terminal or a mail wraps long keys; a line break inside one is never meant.
  key = unquote(key)
    .replace(/[\r\n]+/g, "")
    .trim();
  if (key === "") return { ok: false, fault: "The key is empty." };
  if (/\s/.test(key)) return { ok: false, fault: "A key has no spaces in it. Copy only the key itself." };
  if (!/^[\x21-\x7e]+$/.test(key))
    return { ok: false, fault: "A key has only plain characters. Copy it again." };
  return { ok: true, key };
}

function unquote(text: string): string {
  const inner = /^(["'`])([\s\S]*)\1[;,]?$/.exec(text.trim());
  return inner?.[2]?.trim() ?? text.trim();
}

interface KeyForm {
  readonly form: RegExp;
  readonly owner: string;
  /** Hosts that hand out and take keys of this form. */
  readonly hosts: RegExp;
}

/** Longer forms first: Anthropic's and OpenRouter's begin like OpenAI's. */
const KEY_FORMS: readonly KeyForm[] = [
  { form: /^sk-ant-/, owner: "Anthropic", hosts: /(^|\.)anthropic\.com$/ },
  { form: /^sk-or-/, owner: "OpenRouter", hosts: /(^|\.)openrouter\.ai$/ },
  { form: /^sk-(proj|svcacct|admin)-/, owner: "OpenAI", hosts: /(^|\.)openai\.com$/ },
  { form: /^gsk_/, owner: "Groq", hosts: /(^|\.)groq\.com$/ },
  { form: /^xai-/, owner: "xAI", hosts: /(^|\.)x\.ai$/ },
  { form: /^AIza/, owner: "Google", hosts: /(^|\.)googleapis\.com$/ },
  {
    form: /^(ghp_|gho_|github_pat_)/,
    owner: "GitHub",
    hosts: /(^|\.)(github\.(com|ai)|githubcopilot\.com|azure\.com)$/,
  },
  { form: /^pst_/, owner: "Postern's own gateway", hosts: /^(127\.0\.0\.1|localhost)$/ },
];

/** Hosts of one owner, which take no other's keys. A gateway of somebody's own may take any form. */
const OWN_HOSTS = /(^|\.)(anthropic\.com|openai\.com|openrouter\.ai|groq\.com|x\.ai|googleapis\.com)$/;

/**
 * Whose key this seems to be, if not the provider's that it is given to. Only a public host is suspected: sending a
 * key to the wrong company gives it away, while a company's own gateway hands out keys of any form.
 */
export function foreignKeyOwner(
  key: string,
  provider: { readonly type: ProviderType; readonly baseUrl: string },
): string | undefined {
  let host: string;
  try {
    host = new URL(provider.baseUrl).hostname.toLowerCase();
  } catch {
    return undefined;
  }
  const known = KEY_FORMS.find(({ form }) => form.test(key));
  if (!known || known.hosts.test(host)) return undefined;
  const suspicious = OWN_HOSTS.test(host) || provider.type === "azure" || known.owner.startsWith("Postern");
  return suspicious ? known.owner : undefined;
}
