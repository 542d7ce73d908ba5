import { describe, expect, it } from "vitest";
import { resolveEntry } from "../../../src/core/config/engineConfig";
import { checkProviders, validateConfig } from "../../../src/core/config/parse";
import { providerSchema } from "../../../src/core/config/schema";
import type { AskedFor } from "../../../src/core/credentials/resolve";
import type { StoredSecret } from "../../../src/core/credentials/stored";
import { secretsOf } from "../../../src/core/providers/redact";

const openai = { id: "openai", type: "openai", baseUrl: "https://api.openai.com/v1" };
const secret = (label: string, value: string, change: Partial<StoredSecret> = {}): StoredSecret => ({
  label,
  kind: "apiKey",
  value,
  origin: "https://api.openai.com",
  ...change,
});

function resolved(fields: object, stored: readonly StoredSecret[] = [], asked?: AskedFor) {
  const environment = (name: string) => ({ A: "from-a", B: " from-b\n" })[name];
  return resolveEntry(providerSchema.parse({ ...openai, ...fields }), {
    environment,
    stored,
    asked: asked ?? (() => ({ kind: "missing", reason: "not yet" })),
  });
}
const pool = (...args: Parameters<typeof resolved>) =>
  resolved(...args).provider.pool?.map(({ label, credential }) => `${label}=${credential.value}`);

describe("a provider's credentials", () => {
  it("are all stored keys, in their order, the first in front", () => {
    const { provider } = resolved({}, [secret("work", "work-key"), secret("home", "home-key")]);
    expect(provider.credential).toEqual({ kind: "apiKey", value: "work-key" });
    expect(provider.pool).toEqual([
      { label: "work", credential: { kind: "apiKey", value: "work-key" } },
      { label: "home", credential: { kind: "apiKey", value: "home-key" } },
    ]);
    expect(secretsOf(provider)).toEqual(["work-key", "home-key"]);
    // What is shorter would be found by chance.
    expect(secretsOf(resolved({}, [secret("work", "short"), secret("home", "home-key")]).provider)).toEqual([
      "home-key",
    ]);
  });

  it("are of the list that the configuration gives, each kind at its place", () => {
    const credentials = [
      { kind: "env", name: "B" },
      { kind: "stored", label: "home" },
      { kind: "command", command: ["/usr/bin/az", "account"], label: "az" },
      { kind: "stored" },
      { kind: "env", name: "NOPE" },
    ];
    const stored = [secret("work", "k1"), secret("home", "k2")];
    const asked: AskedFor = () => ({ kind: "bearerToken", value: "t", expiresAt: 5 });
    expect(pool({ credentials }, stored, asked)).toEqual(["B=from-b", "home=k2", "az=t", "work=k1"]);
    const { credentials: all, provider } = resolved({ credentials }, stored, asked);
    expect(all.map(({ label, source, outcome }) => [label, source, outcome.kind])).toEqual([
      ["B", "env", "apiKey"],
      ["home", "stored", "apiKey"],
      ["az", "command", "bearerToken"],
      ["work", "stored", "apiKey"],
      ["NOPE", "env", "missing"],
    ]);
    expect(provider.pool?.[2]?.expiresAt).toBe(5);
    expect(provider.config).not.toHaveProperty("credentials");
  });

  it("win over each other as they always did: configuration over store, token over key", () => {
    expect(pool({ apiKey: "${env:A}" }, [secret("work", "k1")])).toEqual(["A=from-a"]);
    const token = secret("token", "t", { kind: "bearerToken" });
    expect(pool({}, [secret("work", "k1"), token])).toEqual(["token=t"]);
    // A list says itself what is used.
    expect(pool({ credentials: [{ kind: "stored" }] }, [secret("work", "k1"), token])).toEqual([
      "work=k1",
      "token=t",
    ]);
  });

  it("never go to an address that they were not entered for", () => {
    const elsewhere = secret("old", "k1", { origin: "https://b.example" });
    expect(pool({}, [elsewhere, secret("new", "k2")])).toEqual(["new=k2"]);
    const { provider } = resolved({}, [elsewhere]);
    expect(provider.credential).toEqual({
      kind: "missing",
      reason: "the key was entered for https://b.example; set it again for https://api.openai.com",
    });
    expect(JSON.stringify(provider)).not.toContain("k1");
    // A token that is for elsewhere wins over nothing here.
    const token = secret("token", "t", { kind: "bearerToken", origin: "https://b.example" });
    expect(pool({}, [token, secret("new", "k2")])).toEqual(["new=k2"]);
  });

  it("that cannot be used say why, each by its label", () => {
    const credentials = [
      { kind: "env", name: "NOPE" },
      { kind: "stored", label: "x" },
    ];
    expect(resolved({ credentials }).provider.credential).toEqual({
      kind: "missing",
      reason: 'NOPE: the environment variable NOPE is not set; x: no key "x" is stored',
    });
    expect(resolved({ credentials: [{ kind: "none" }] }).provider.credential).toEqual({ kind: "none" });
    const local = { baseUrl: "http://localhost:1/v1", credentials: [{ kind: "stored" }] };
    expect(resolved(local).provider.credential).toEqual({ kind: "missing", reason: "no key is stored" });
  });
});

describe("the configuration of credentials", () => {
  const faults = (fields: object, source: "file" | "settings" = "settings") => {
    const [checked] = checkProviders([{ ...openai, ...fields }], source);
    return checked?.ok === false ? checked.problems.map(({ path }) => path) : [];
  };

  it("refuses what is not one, and a key in a place of its own", () => {
    expect(faults({ credentials: [{ kind: "apiKey", value: "sk-literal" }] })).not.toEqual([]);
    expect(faults({ credentials: [{ kind: "env", name: "sk-literal" }] })).toEqual([
      "providers[0].credentials[0].name",
    ]);
    expect(faults({ credentials: [{ kind: "command", command: "az account" }] })).toEqual([
      "providers[0].credentials[0].command",
    ]);
    expect(faults({ credentials: [] })).toEqual(["providers[0].credentials"]);
    expect(faults({ credentials: [{ kind: "env", name: "A" }], apiKey: "${env:B}" })).toEqual([
      "providers[0].apiKey",
    ]);
    const twice = [
      { kind: "env", name: "A", label: "x" },
      { kind: "stored", label: "x" },
    ];
    expect(faults({ credentials: twice })).toEqual(["providers[0].credentials[1].label"]);
  });

  it("has no secret storage and no accounts in a file", () => {
    const credentials = [
      { kind: "stored" },
      { kind: "entra" },
      { kind: "github" },
      { kind: "env", name: "A" },
      { kind: "command", command: ["gh", "auth", "token"] },
    ];
    expect(faults({ credentials })).toEqual([]);
    const result = validateConfig({ providers: [{ ...openai, credentials }] });
    expect(result.ok ? [] : result.problems.map(({ path }) => path)).toEqual(
      [0, 1, 2].map((place) => `providers[0].credentials[${place}].kind`),
    );
  });
});
