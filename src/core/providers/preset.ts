import type { ProviderConfig } from "../config/schema";
import type { WireProtocol } from "../protocols/wire";
import type { RuntimeId } from "./runtimes";

/** Where a preset stands in the list that people choose from. */
export type PresetGroup = "company" | "cloud" | "gateway" | "local" | "custom";

/** A part of an address that only the person knows. */
export interface Placeholder {
  /** As it stands in the address, in braces. */
  readonly name: string;
  /** What is asked, without a full stop. */
  readonly prompt: string;
  readonly example: string;
  /** Variables that customarily hold it. */
  readonly environment?: readonly string[];
}

/** What a provider's own list of models looks like; the person names the models where there is none. */
export type ModelsList =
  | {
      /** Appended to the address; from the host's root if it begins with a slash. */
      readonly path: string;
      /** `data`: `{data: [{id}]}` as OpenAI and Anthropic send it. `array`: the bare list. */
      readonly shape: "data" | "array";
    }
  | {
      /** What the names are of, for the question. */
      readonly byHand: "deployments" | "models";
      readonly example: string;
    };

/** A provider as a person knows it, with all that is needed to set one up and to speak to it. */
export interface ProviderPreset {
  /** Also the wanted id of a new provider. */
  readonly id: string;
  readonly label: string;
  /** One line beside the label; people search in it too. */
  readonly hint: string;
  readonly group: PresetGroup;
  readonly type: ProviderConfig["type"];
  /** Which of OpenAI's APIs a new provider is spoken to in. */
  readonly wireApi: ProviderConfig["wireApi"];
  /** The protocols that the address serves, by the provider's own documentation. */
  readonly protocols: readonly WireProtocol[];
  /**
   * What the provider's documentation calls the base URL, with `{name}` for each placeholder; empty where only the
   * person knows it. For OpenAI's protocols the operations follow at once, for Messages `/v1/messages` does.
   */
  readonly address: string;
  /** The address where one placeholder has a value that makes another one of it. */
  readonly addressWhen?: { readonly name: string; readonly value: string; readonly address: string };
  readonly placeholders?: readonly Placeholder[];
  readonly addressExample: string;
  /** The header that carries the key, where it is not the usual one of the type. */
  readonly authHeader?: string;
  readonly key: "required" | "optional" | "none";
  /** Where a key is made. */
  readonly keyPage?: string;
  /** What this provider's keys begin with, where they begin with anything. */
  readonly keyForms?: readonly string[];
  /** Hosts beside the address's own that take these keys, with all below them. */
  readonly keyHosts?: readonly string[];
  readonly modelsList: ModelsList;
  /** Environment variables under which others customarily keep what belongs to this provider. */
  readonly environment: {
    readonly key: readonly string[];
    readonly token?: readonly string[];
    readonly address?: readonly string[];
  };
  /** Local programs are found by themselves and followed when their port changes. */
  readonly runtime?: RuntimeId;
  /** Where all this is documented. */
  readonly source: string;
}

const PLACEHOLDER = /\{([a-z]+)\}/g;

/** A value that can only fill its own place: it cannot end a host name or a path. Projects of a domain have a colon. */
const FITTING = /^[A-Za-z0-9][A-Za-z0-9-]*([.:][A-Za-z0-9-]+)*$/;

/** What is wrong with a placeholder's value as it is typed; undefined if nothing is. */
export function placeholderFault(placeholder: Placeholder, text: string): string | undefined {
  const value = text.trim();
  if (value === "") return `Enter the ${placeholder.name}.`;
  const inHost = !value.includes(".") && !value.includes(":");
  if (FITTING.test(value) && (inHost || placeholder.name === "project")) return undefined;
  return `A ${placeholder.name} has only letters, digits and '-', like ${placeholder.example}.`;
}

/** The address with its placeholders filled in; those without a value stay as they are. */
export function fillAddress(
  preset: Pick<ProviderPreset, "address" | "addressWhen">,
  values: Readonly<Record<string, string>>,
): string {
  const { addressWhen } = preset;
  const template =
    addressWhen !== undefined && values[addressWhen.name] === addressWhen.value
      ? addressWhen.address
      : preset.address;
  return template.replace(PLACEHOLDER, (whole, name: string) => values[name] ?? whole);
}

/** An address with example values: for tests, documentation and the placeholder of an input. */
export function exampleAddress(preset: ProviderPreset): string {
  if (preset.address === "") return preset.addressExample;
  const values = (preset.placeholders ?? []).map(({ name, example }) => [name, example]);
  return fillAddress(preset, Object.fromEntries(values));
}

/** Whether a preset's address can be this one, with any values in its placeholders, with or without `/v1` or `/`. */
export function fitsPreset(
  preset: ProviderPreset,
  provider: Pick<ProviderConfig, "type" | "baseUrl">,
): boolean {
  if (preset.address === "" || preset.type !== provider.type) return false;
  const templates = [preset.address, ...(preset.addressWhen ? [preset.addressWhen.address] : [])];
  const given = plainAddress(provider.baseUrl);
  return templates.some((template) => patternOf(plainAddress(template)).test(given));
}

/** Without what people write or leave out as they like. */
function plainAddress(address: string): string {
  return address
    .trim()
    .replace(/\/+$/, "")
    .replace(/\/v1$/, "")
    .replace(/^http:\/\/(127\.0\.0\.1|\[::1\])(?=[:/]|$)/, "http://localhost");
}

function patternOf(template: string): RegExp {
  const parts = template.split(PLACEHOLDER);
  // Every second part is a placeholder's name.
  const source = parts.map((part, at) => (at % 2 === 1 ? "[^/.]+" : escaped(part))).join("");
  return new RegExp(`^${source}$`, "i");
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
