import { describe, expect, it } from "vitest";
import { providerSchema } from "../../../src/core/config/schema";
import { accountRequest, belongsToIssuer } from "../../../src/core/credentials/accounts";
import { commandText, invocationOf } from "../../../src/core/credentials/commandLine";
import { renewalTime, tokenExpiry } from "../../../src/core/credentials/expiry";
import { readTokenOutput } from "../../../src/core/credentials/tokenOutput";

const NOW = Date.UTC(2026, 0, 1);
const jwt = (claims: object) =>
  ["{}", JSON.stringify(claims), "sig"].map((part) => Buffer.from(part).toString("base64url")).join(".");

describe("what a program prints", () => {
  it.each<[string, string, string, number | undefined]>([
    ["a line", "sk-1\n", "sk-1", undefined],
    ["a line with Windows' ends", "\ufeffsk-1\r\n", "sk-1", undefined],
    ["az with --query, which quotes", '"sk-1"\n', "sk-1", undefined],
    [
      "a JSON Web Token in quotes",
      `"${jwt({ exp: 1_800_000_000 })}"`,
      jwt({ exp: 1_800_000_000 }),
      1_800_000_000_000,
    ],
    ["a JSON Web Token", jwt({ exp: 1_800_000_000 }), jwt({ exp: 1_800_000_000 }), 1_800_000_000_000],
    [
      "az since 2.54",
      JSON.stringify({
        accessToken: "t",
        expiresOn: "2026-01-01 10:00:00.000000",
        expires_on: 1_767_300_000,
      }),
      "t",
      1_767_300_000_000,
    ],
    [
      "az before, in local time",
      JSON.stringify({ accessToken: "t", expiresOn: "2026-01-01 10:00:00.000000", tokenType: "Bearer" }),
      "t",
      new Date(2026, 0, 1, 10).getTime(),
    ],
    ["azd", JSON.stringify({ token: "t", expiresOn: "2026-01-01T10:00:00Z" }), "t", Date.UTC(2026, 0, 1, 10)],
    ["an OAuth answer", '{"access_token":"t","expires_in":"3600"}', "t", NOW + 3_600_000],
    ["one that has ended, in seconds left", '{"access_token":"t","expires_in":0}', "t", NOW],
    ["one that has ended, in seconds left as text", '{"access_token":"t","expires_in":"0"}', "t", NOW],
    ["a 0 that some write for never", '{"access_token":"t","expires_at":0}', "t", undefined],
    ["an end in seconds", '{"access_token":"t","expires_at":1767300000}', "t", 1_767_300_000_000],
    [
      "an end in seconds with a part",
      '{"access_token":"t","expires_at":"1767300000.5"}',
      "t",
      1_767_300_000_500,
    ],
    ["an end in milliseconds", '{"accessToken":"t","expiresAt":1767300000000}', "t", 1_767_300_000_000],
    [
      "a written end",
      '{"accessToken":"t","expiresAt":"2026-01-01T10:00:00Z"}',
      "t",
      Date.UTC(2026, 0, 1, 10),
    ],
    ["seconds under az's name", '{"accessToken":"t","expiresOn":1767300000}', "t", 1_767_300_000_000],
    ["an end that makes no sense", '{"access_token":"t","expiresOn":"soon"}', "t", undefined],
  ])("is understood: %s", (_, output, value, expiresAt) => {
    expect(readTokenOutput(output, NOW)).toEqual({
      ok: true,
      value,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });
  });

  it.each([
    ["nothing", " \n"],
    ["jq's word for nothing", "null\n"],
    ["a quote that is not closed", '"secret'],
    ["several lines", "secret-1\nsecret-2"],
    ["words", "ERROR: secret please sign in"],
    ["JSON without a token", '{"secret":"x"}'],
    ["half of a JSON", '{"accessToken":"secret'],
    ["a token that is none", '{"accessToken":{"secret":1}}'],
    ["a lot", "secret".repeat(20_000)],
    ["a long token", "secret".repeat(5_000)],
    ["control characters", "secret\u001b[31m"],
  ])("is refused where it is %s, without a word of it", (_, output) => {
    const read = readTokenOutput(output, NOW);
    expect(read.ok).toBe(false);
    expect(JSON.stringify(read)).not.toContain("secret");
  });

  it("is renewed in time, also where it does not live long", () => {
    const minute = 60_000;
    expect(renewalTime(NOW + 60 * minute, NOW)).toBe(NOW + 55 * minute);
    expect(renewalTime(NOW + 5 * minute, NOW)).toBe(NOW + 4 * minute);
    expect(tokenExpiry("a.b")).toBeUndefined();
    expect(tokenExpiry("a.b.c")).toBeUndefined();
    expect(tokenExpiry(jwt({ exp: "never" }))).toBeUndefined();
  });
});

describe("how a program is started", () => {
  const posix = { platform: "linux", environment: () => undefined, isFile: () => false };
  const windows = {
    platform: "win32",
    environment: (name: string) => ({ PATH: "C:\\Tools;C:\\Azure CLI\\", ComSpec: "C:\\cmd.exe" })[name],
    isFile: (path: string) => path === "C:\\Azure CLI\\az.cmd" || path === "C:\\Tools\\op.exe",
  };

  it("is without a shell, whatever stands in its arguments", () => {
    const args = ["read", "op://vault/$(rm -rf /)/`key`; echo 'x'"];
    expect(invocationOf(["op", ...args], posix)).toEqual({ ok: true, invocation: { file: "op", args } });
  });

  it.each(["./az", "../bin/az", "bin/az"])(
    "is never from the folder that happens to be current: %s",
    (program) => {
      expect(invocationOf([program], posix).ok).toBe(false);
      expect(invocationOf([program.replaceAll("/", "\\")], windows).ok).toBe(false);
    },
  );

  it("finds a batch file on Windows, and hands it nothing that cmd.exe would read", () => {
    expect(invocationOf(["op", "read", "a&b"], windows)).toEqual({
      ok: true,
      invocation: { file: "C:\\Tools\\op.exe", args: ["read", "a&b"] },
    });
    expect(invocationOf(["az", "account", "get-access-token"], windows)).toEqual({
      ok: true,
      invocation: {
        file: "C:\\cmd.exe",
        args: ["/d", "/s", "/c", '""C:\\Azure CLI\\az.cmd" "account" "get-access-token""'],
        verbatim: true,
      },
    });
    for (const argument of ["%PATH%", "a&calc", 'a"b', "a^b", "a|b", "!x!"])
      expect(invocationOf(["az", argument], windows).ok, argument).toBe(false);
    expect(invocationOf(["nope"], windows)).toMatchObject({ ok: false });
  });

  it("is shown as it is, with quotes where it would be misread", () => {
    expect(commandText(["az", "account", "get access token", 'a"b'])).toBe(
      'az account "get access token" "a\\"b"',
    );
  });
});

describe("an account's token", () => {
  const provider = (baseUrl: string) => providerSchema.parse({ id: "a", type: "openai", baseUrl });
  const entra = { kind: "entra" } as const;
  it.each([
    ["https://r.openai.azure.com/openai/v1", "https://cognitiveservices.azure.com/.default", true],
    ["https://r.services.ai.azure.com/openai/v1", "https://cognitiveservices.azure.com/.default", true],
    ["https://r.services.ai.azure.com/api/projects/p/openai/v1", "https://ai.azure.com/.default", true],
    ["https://openai.azure.com.evil.example/v1", "https://cognitiveservices.azure.com/.default", false],
    ["http://r.openai.azure.com/openai/v1", "https://cognitiveservices.azure.com/.default", false],
  ])("for %s has the scope %s", (baseUrl, scope, own) => {
    expect(accountRequest(provider(baseUrl), entra)).toEqual({ provider: "microsoft", scopes: [scope] });
    expect(belongsToIssuer(provider(baseUrl), "entra")).toBe(own);
    expect(belongsToIssuer(provider(baseUrl), "github")).toBe(false);
  });

  it("is of the tenant and the scope that the person has chosen", () => {
    const request = accountRequest(provider("https://x.example"), {
      kind: "entra",
      scope: "api://gw/.default",
      tenant: "contoso.com",
    });
    expect(request.scopes).toEqual(["api://gw/.default", "VSCODE_TENANT:contoso.com"]);
    expect(belongsToIssuer(provider("https://models.github.ai/inference"), "github")).toBe(true);
  });
});
