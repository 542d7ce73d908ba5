import { AZURE_HOST, baseUrlFault } from "../providers/baseUrl";
import { endpointUrl } from "../providers/endpoint";
import { CHANGE_ADDRESS, type Diagnosed, type Finding, finding, type Remedy } from "./finding";
import { knownService, wholeAddress } from "./knownServices";

/** What an address says about itself, before anybody is asked; undefined where it may be right. */
export function addressFinding(provider: Pick<Diagnosed, "type" | "baseUrl">): Finding | undefined {
  const fault = baseUrlFault(provider);
  if (fault === null) return undefined;
  const sentence = `The address ${fault}.`;
  const remedy = URL.canParse(provider.baseUrl)
    ? typeFor(provider.type, new URL(provider.baseUrl))
    : undefined;
  return remedy
    ? finding("wrong_type", sentence, remedy, CHANGE_ADDRESS)
    : finding("wrong_path", sentence, CHANGE_ADDRESS);
}

/** The type that an Azure or Foundry address wants; each API there has a path of its own. */
function typeFor(type: Diagnosed["type"], url: URL): Remedy | undefined {
  const path = url.pathname.replace(/^\/+|\/+$/g, "");
  if (type === "azure" && /(^|\/)anthropic(\/|$)/.test(path))
    return { kind: "changeType", type: "anthropic" };
  if (type === "azure" && /(^|\/)openai\/v1$/.test(path)) return { kind: "changeType", type: "openai" };
  if (type !== "azure" && AZURE_HOST.test(url.hostname))
    return { kind: "changeType", type: "azure", baseUrl: url.origin };
  return undefined;
}

/**
 * What is wrong with a provider's path, where its server has nothing at the address that was asked.
 * @param url what was asked
 * @param headers of the answer, lower-case names
 */
export function pathFinding(
  provider: Pick<Diagnosed, "type" | "baseUrl" | "azure">,
  url: string,
  status: number,
  headers: Readonly<Record<string, unknown>>,
): Finding {
  const asked = `${shownUrl(url)} (HTTP ${status})`;
  const base = new URL(provider.baseUrl);
  const known = knownService(provider);
  const better = known && wholeAddress(known);
  if (known && known.type !== provider.type) {
    const text = `There is nothing at ${asked}: ${base.host} is spoken to with type "${known.type}", not "${provider.type}".`;
    const there = better === undefined ? {} : { baseUrl: better };
    return finding("wrong_type", text, { kind: "changeType", type: known.type, ...there }, CHANGE_ADDRESS);
  }
  if (provider.type === "openai" && answersLikeAzure(headers)) {
    const text = `There is nothing at ${asked}, and it answers like Azure: use type "azure" with ${base.origin}, or an address that ends in /openai/v1.`;
    return finding(
      "wrong_type",
      text,
      { kind: "changeType", type: "azure", baseUrl: base.origin },
      CHANGE_ADDRESS,
    );
  }
  if (provider.type === "azure") {
    const version = provider.azure?.apiVersion;
    const text =
      version === undefined
        ? `There is nothing at ${asked}. Check the resource's address; an older resource needs azure.apiVersion.`
        : `There is nothing at ${asked}. Check the resource's address, and whether it knows the api-version ${version}.`;
    return finding("wrong_path", text, CHANGE_ADDRESS, { kind: "changeApiVersion" });
  }
  if (known && better !== undefined && isElsewhere(provider, better)) {
    const text = `There is nothing at ${asked}. ${known.label} is at ${better}.`;
    return finding("wrong_path", text, { kind: "changeAddress", baseUrl: better });
  }
  const single = withoutDoubledVersion(provider.baseUrl);
  if (single !== undefined) {
    const text = `There is nothing at ${asked}: the address has its version twice. Use ${single}.`;
    return finding("wrong_path", text, { kind: "changeAddress", baseUrl: single });
  }
  const text = `There is nothing at ${asked}. Check the address; its path may lack a part, such as /api or /v1, or have one too many.`;
  return finding("wrong_path", text, CHANGE_ADDRESS);
}

/** The finding for an address next to the given one, at which the provider was found. */
export function foundElsewhere(baseUrl: string, better: string): Finding {
  const text = `There is nothing at ${shownUrl(baseUrl)}, but the API answers at ${shownUrl(better)}. Use that address.`;
  return finding("wrong_path", text, { kind: "changeAddress", baseUrl: better });
}

/** Azure's API Management names each request in a header of its own, also behind a company's host. */
function answersLikeAzure(headers: Readonly<Record<string, unknown>>): boolean {
  return headers["apim-request-id"] !== undefined || headers["x-ms-region"] !== undefined;
}

/** People write or leave out `/v1` as they like. */
function isElsewhere(provider: Pick<Diagnosed, "type" | "baseUrl" | "azure">, baseUrl: string): boolean {
  return endpointUrl({ ...provider, baseUrl }, "models") !== endpointUrl(provider, "models");
}

/** `https://x/v1` of `https://x/v1/v1`. */
function withoutDoubledVersion(baseUrl: string): string | undefined {
  const url = new URL(baseUrl);
  const path = url.pathname.replace(/(\/v\d+)\1(?=\/|$)/i, "$1").replace(/\/+$/, "");
  return path === url.pathname.replace(/\/+$/, "") ? undefined : url.origin + path;
}

/**
 * Addresses on the same host at which the API may be instead: with the version once, without it, and below the
 * prefixes in use. Never another host: the key goes along.
 */
export function neighbouringAddresses(baseUrl: string): readonly string[] {
  const url = new URL(baseUrl);
  const path = url.pathname.replace(/\/+$/, "");
  const bare = path.replace(/(\/v\d+[a-z]*\d*)+$/i, "");
  const candidates = [`${bare}/v1`, "/v1", "/api/v1", "/openai/v1", `${bare}/api/v1`, `${bare}/openai/v1`];
  const asked = /(^|\/)v\d/i.test(path) ? path : `${path}/v1`;
  return [...new Set(candidates)]
    .filter((candidate) => candidate !== asked)
    .map((found) => url.origin + found);
}

/** An address without what may hold a credential. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + (pathname === "/" ? "" : pathname);
}
