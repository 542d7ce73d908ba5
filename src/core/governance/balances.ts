import { asArray, asObject, asString, type JsonObject, lookup, optional } from "../json/access";
import type { QuotaFigure } from "./quota";

/** Where a provider tells what money is left, and how to read what it says. */
export interface BalanceSource {
  /** The provider's own hosts: its key is sent nowhere else for this. */
  readonly hosts: readonly string[];
  readonly path: string;
  read(body: unknown, host: string): readonly QuotaFigure[];
}

/** https://openrouter.ai/docs/guides/features/in-region-routing */
export const OPENROUTER_HOSTS: readonly string[] = ["openrouter.ai", "eu.openrouter.ai", "us.openrouter.ai"];

/**
 * The endpoints by which providers tell a key's holder what is left, each looked up in its documentation. Others
 * (OpenAI, Anthropic, Mistral, Groq, Google) have none that a plain API key may ask.
 */
export const BALANCE_SOURCES: readonly BalanceSource[] = [
  // https://openrouter.ai/docs/api/api-reference/api-keys/get-current-key
  {
    hosts: OPENROUTER_HOSTS,
    path: "/api/v1/key",
    read: readOpenRouter,
  },
  // https://api-docs.deepseek.com/api/get-user-balance
  { hosts: ["api.deepseek.com"], path: "/user/balance", read: readDeepSeek },
  // https://platform.moonshot.ai/docs/api/balance
  { hosts: ["api.moonshot.ai", "api.moonshot.cn"], path: "/v1/users/me/balance", read: readMoonshot },
  // https://novita.ai/docs/api-reference/basic-get-user-balance
  { hosts: ["api.novita.ai"], path: "/openapi/v1/billing/balance/detail", read: readNovita },
];

/** The source for a provider's address, if it is on one of the known hosts, over HTTPS. */
export function balanceSourceOf(
  baseUrl: string,
): { readonly source: BalanceSource; readonly url: URL } | undefined {
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch {
    return undefined;
  }
  const source = BALANCE_SOURCES.find(({ hosts }) => hosts.includes(url.host));
  if (!source || url.protocol !== "https:") return undefined;
  return { source, url: new URL(source.path, url.origin) };
}

function readOpenRouter(body: unknown): readonly QuotaFigure[] {
  const data = member(body, "data");
  // `limit` is null for a key without one; what is left then is the account's, which this does not tell.
  const limit = number(data, "limit");
  const remaining = number(data, "limit_remaining");
  if (limit === undefined || remaining === undefined) return [];
  const window = lookup(OPENROUTER_RESETS, asString(data.limit_reset));
  return [
    {
      ...money(remaining, "USD"),
      name: "key limit",
      limit: Math.round(limit * 1e6),
      ...optional("window", window),
    },
  ];
}

const OPENROUTER_RESETS = { daily: "day", weekly: "week", monthly: "month" } as const;

function readDeepSeek(body: unknown): readonly QuotaFigure[] {
  return asArray(asObject(body).balance_infos).flatMap((entry) => {
    const info = asObject(entry);
    const total = number(info, "total_balance");
    const currency = asString(info.currency);
    return total === undefined || currency === undefined ? [] : [money(total, currency)];
  });
}

function readMoonshot(body: unknown, host: string): readonly QuotaFigure[] {
  const available = number(member(body, "data"), "available_balance");
  return available === undefined ? [] : [money(available, host.endsWith(".cn") ? "CNY" : "USD")];
}

function readNovita(body: unknown): readonly QuotaFigure[] {
  const available = number(asObject(body), "availableBalance");
  // In ten-thousandths of a dollar.
  return available === undefined ? [] : [money(available / 10_000, "USD")];
}

function money(amount: number, currency: string): QuotaFigure {
  return {
    unit: "money",
    currency: currency.slice(0, 8),
    remaining: Math.round(amount * 1e6),
    basis: "reported",
  };
}

function member(body: unknown, name: string): JsonObject {
  return asObject(asObject(body)[name]);
}

/** Numbers come as such or as text. */
function number(object: JsonObject, name: string): number | undefined {
  const value = object[name];
  const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof found === "number" && Number.isFinite(found) ? found : undefined;
}
