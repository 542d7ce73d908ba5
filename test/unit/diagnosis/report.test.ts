import { describe, expect, test } from "vitest";
import type { EngineFacts } from "../../../src/core/diagnosis/facts";
import { checksOf } from "../../../src/core/diagnosis/report/checks";
import { environmentChecks } from "../../../src/core/diagnosis/report/environmentChecks";
import type { DiagnosisInputs, ProviderInput } from "../../../src/core/diagnosis/report/inputs";
import { renderReport, summary } from "../../../src/core/diagnosis/report/render";
import { scrubbed } from "../../../src/core/diagnosis/report/scrub";

const facts: EngineFacts = {
  version: "1.2.3",
  node: "24.1.0",
  pid: 4711,
  uptimeSeconds: 754,
  gateway: { state: "running", url: "http://127.0.0.1:4141", host: "127.0.0.1", port: 4141 },
  running: 2,
  certificates: { system: "used", systemCount: 140, extra: "none" },
  proxied: { http: false, https: false },
  log: [],
};

type Usable = Extract<ProviderInput, { kind: "usable" }>;
const usable = (change: Partial<Usable> = {}): Usable => ({
  kind: "usable",
  id: "openai",
  index: 0,
  type: "openai",
  wireApi: "completions",
  baseUrl: "https://api.openai.com/v1",
  enabled: true,
  credential: "key stored",
  models: 12,
  test: { ok: true, verdict: "works, 40 models listed", latencyMs: 120, models: [], clockAheadSeconds: 1 },
  ...change,
});

const inputs = (change: Partial<DiagnosisInputs> = {}): DiagnosisInputs => ({
  takenAt: Date.UTC(2026, 10, 20, 8, 0, 0),
  surroundings: {
    postern: "1.2.3",
    vscode: "1.139.1",
    node: "24.1.0",
    system: "linux x64 6.1.0",
    host: "desktop",
  },
  engine: { kind: "running", facts },
  gateway: { kind: "answered", url: "http://127.0.0.1:4141", status: 200, latencyMs: 4, withKey: true },
  gatewayKeys: [{ name: "default" }],
  providers: [usable()],
  settingsProblems: [],
  network: { proxyOff: false, strictSsl: true, bypassed: 0 },
  environment: () => undefined,
  ...change,
});

const nothing = { secrets: [], home: "/home/me" };
const bad = (change: Partial<DiagnosisInputs>) =>
  checksOf(inputs(change)).filter(({ level }) => level === "problem" || level === "warning");

describe("the report", () => {
  test("of a machine on which all is well", () => {
    const taken = inputs();
    expect(renderReport(taken, checksOf(taken), nothing)).toBe(`# Postern: Diagnosis

No problems found. Taken 2026-11-20T08:00:00.000Z.

Keys, tokens, headers and the queries of addresses are left out. The ids and hosts of your providers are in it: look it over before you share it.

## Versions

- Postern 1.2.3
- VS Code 1.139.1 (desktop)
- Node 24.1.0, the engine's 24.1.0
- linux x64 6.1.0

## Engine

- ok: Runs for 12 min as process 4711 on Node 24.1.0; 2 requests running.

## Gateway

- ok: Answers on http://127.0.0.1:4141 to a gateway key, over real HTTP, in 4 ms.
- note: 1 gateway key is accepted.

## Providers

- ok: openai (openai, https://api.openai.com/v1, key stored): works, 40 models listed (120 ms); 12 models are offered.

## Network

- ok: This machine's clock agrees with the providers'.
- ok: Providers are asked directly, without a proxy.
- ok: Trusted are Node's own CAs and the 140 of the system's store.

## Environment

- ok: Nothing in it makes tools pass the gateway by.

## Settings

- ok: No faults.
`);
  });

  test("of a machine on which much is wrong", () => {
    const taken = inputs({
      engine: {
        kind: "running",
        facts: {
          ...facts,
          version: "1.2.2",
          certificates: { system: "failed", systemCount: 0, extra: "unreadable" },
          log: [{ time: Date.UTC(2026, 10, 20, 7), level: "warn", message: "a ``` fence\nand a line" }],
        },
      },
      gateway: {
        kind: "failed",
        code: "port_in_use",
        message: "",
        port: 4141,
        owner: { process: { name: "node", pid: 99 } },
      },
      gatewayKeys: [{ name: "ci", fault: "the environment variable K is not set" }],
      providers: [
        usable({
          id: "my_azure",
          test: {
            ok: false,
            verdict: "The key was refused (HTTP 401). Set the right key for this provider.",
            latencyMs: 90,
            models: [],
            finding: { code: "key_wrong", sentence: "", remedies: [{ kind: "setKey" }] },
            clockAheadSeconds: 3600,
          },
        }),
        {
          kind: "faulty",
          id: "broken",
          index: 1,
          problems: [{ path: "baseUrl", message: "is <b>odd</b> @you" }],
        },
      ],
      network: { proxyFrom: "settings", proxyOff: false, strictSsl: false, bypassed: 2 },
      environment: (name) => (name === "OPENAI_BASE_URL" ? "https://elsewhere.example/v1?key=x" : undefined),
      settingsProblems: [{ path: "postern.gateway.port", message: "must be a number; 4141 is used" }],
    });
    const checks = checksOf(taken);
    expect(summary(checks)).toBe("7 problems, 3 warnings.");
    const report = renderReport(taken, checks, nothing);
    expect(report.slice(report.indexOf("## Versions"))).toBe(`## Versions

- Postern 1.2.3, engine 1.2.2
- VS Code 1.139.1 (desktop)
- Node 24.1.0, the engine's 24.1.0
- linux x64 6.1.0

## Engine

- ok: Runs for 12 min as process 4711 on Node 24.1.0; 2 requests running.
- **warning**: Its version 1.2.2 is not the extension's, 1.2.3. Reload the window.

## Gateway

- **problem**: Port 4141 is taken by node, process 99. End that, or choose another port in postern.gateway.port.
- note: 0 gateway keys are accepted.
- **problem**: Gateway key "ci" is not accepted: the environment variable K is not set.

## Providers

- **problem**: my\\_azure (openai, https://api.openai.com/v1, key stored): The key was refused (HTTP 401). Set the right key for this provider.
- **problem**: broken: baseUrl is \\<b\\>odd\\</b\\> @\u200byou.

## Network

- **problem**: This machine's clock is 60 min behind the providers'. Set it: tokens and certificates are refused otherwise.
- note: Providers are asked through the proxy of VS Code's http.proxy, but for 2 named hosts.
- note: VS Code's http.proxyStrictSSL is off. Postern checks certificates all the same; a company's CA belongs into the system's store or NODE\\_EXTRA\\_CA\\_CERTS.
- **warning**: The system's certificate store could not be read; a company's CA must be named in NODE\\_EXTRA\\_CA\\_CERTS.
- **problem**: NODE\\_EXTRA\\_CA\\_CERTS names a file that is not there, so its CAs are not trusted. Correct it and start VS Code anew.

## Environment

- **warning**: OPENAI\\_BASE\\_URL leads to elsewhere.example, past the gateway. Unset it, or set it to the gateway's address.

## Settings

- **problem**: postern.gateway.port must be a number; 4141 is used.

## The engine's latest warnings and errors

\`\`\`text
2026-11-20T07:00:00.000Z warn a ''' fence and a line
\`\`\`
`);
  });
});

describe("what is found", () => {
  test.each<[string, Partial<DiagnosisInputs>, RegExp, object]>([
    [
      "no engine",
      { engine: { kind: "absent", why: "it did not start." } },
      /did not start/,
      { kind: "runCommand" },
    ],
    [
      "a gateway without keys",
      { gateway: { kind: "keyless", url: "http://127.0.0.1:1" } },
      /no gateway key/,
      { command: "postern.newGatewayKey" },
    ],
    [
      "a gateway that refuses its own key",
      { gateway: { kind: "answered", url: "http://127.0.0.1:1", status: 401, latencyMs: 1, withKey: true } },
      /HTTP 401/,
      { command: "postern.restartGateway" },
    ],
    [
      "a gateway that does not answer",
      { gateway: { kind: "silent", url: "http://127.0.0.1:1", code: "ECONNREFUSED" } },
      /ECONNREFUSED/,
      { command: "postern.restartGateway" },
    ],
    [
      "another Postern on the port",
      {
        gateway: {
          kind: "failed",
          code: "port_in_use",
          message: "",
          port: 1,
          owner: { posternVersion: "1.0.0" },
        },
      },
      /another gateway of Postern, version 1\.0\.0/,
      { kind: "openSettings", query: "postern.gateway.port" },
    ],
    [
      "a provider without models",
      { providers: [usable({ models: 0 })] },
      /no models/,
      { kind: "nameModels" },
    ],
  ])("%s", (_what, change, says, remedy) => {
    const [first] = bad(change);
    expect(first?.text).toMatch(says);
    expect(first?.remedies[0]).toMatchObject(remedy);
  });

  test("one provider's clock that is wrong is not this machine's", () => {
    const off = { ok: true, verdict: "works", latencyMs: 1, models: [], clockAheadSeconds: 9999 };
    expect(bad({ providers: [usable(), usable({ id: "odd", test: off })] })).toEqual([]);
    expect(
      bad({ providers: [usable({ id: "odd", test: { ...off, clockAheadSeconds: -7200 } })] })[0]?.text,
    ).toMatch(/120 min ahead of/);
  });
});

describe("what in the environment leads past the gateway", () => {
  const found = (variables: Record<string, string>, url: string | undefined = "http://127.0.0.1:4141") =>
    environmentChecks((name) => variables[name], url).map(({ level, text }) => `${level}: ${text}`);

  test.each<[Record<string, string>, RegExp]>([
    [{}, /^ok: Nothing/],
    [{ OPENAI_BASE_URL: "http://localhost:4141/v1" }, /^ok: OPENAI_BASE_URL leads to the gateway/],
    [{ OPENAI_BASE_URL: "http://localhost:4142/v1" }, /^warning: OPENAI_BASE_URL leads to localhost:4142/],
    [
      { ANTHROPIC_BASE_URL: "https://u:p@claude.example?k=1" },
      /^warning: ANTHROPIC_BASE_URL leads to claude\.example, past/,
    ],
    [{ OPENAI_BASE_URL: "nonsense secret" }, /^warning: OPENAI_BASE_URL is set, but is no address/],
    [{ ANTHROPIC_API_KEY: "sk-ant-1" }, /^info: ANTHROPIC_API_KEY is set/],
    [{ CLAUDE_CODE_USE_BEDROCK: "1" }, /^warning: CLAUDE_CODE_USE_BEDROCK/],
    [
      { HTTP_PROXY: "http://u:p@proxy" },
      /^warning: HTTP_PROXY is set and NO_PROXY does not name 127\.0\.0\.1/,
    ],
    [{ HTTP_PROXY: "http://proxy", NO_PROXY: "localhost,127.0.0.1" }, /^ok: Nothing/],
    [{ NODE_TLS_REJECT_UNAUTHORIZED: "0" }, /^warning: NODE_TLS_REJECT_UNAUTHORIZED/],
  ])("%j", (variables, says) => {
    const lines = found(variables);
    expect(lines).toEqual([expect.stringMatching(says)]);
    expect(lines[0]).not.toMatch(/u:p|sk-ant|secret|k=1/);
  });

  test("while it does not run, an address here may be its own", () => {
    const lines = environmentChecks(
      (name) => (name === "OPENAI_BASE_URL" ? "http://127.0.0.1:4141/v1" : undefined),
      undefined,
    );
    expect(lines[0]?.level).toBe("info");
  });
});

describe("what is left out of a report", () => {
  // With characters that Markdown and addresses have forms of their own for.
  const CANARY = "canary_8461*[x]";
  const secrets = [CANARY, "päss wört/42", 'quo"ted\\key', `longer-${CANARY}`];
  const clean = (text: string) => scrubbed(text, { secrets, home: "/home/jane.doe" });

  test.each([
    [`key ${CANARY}.`, "key [redacted]."],
    [`longer-${CANARY}`, "[redacted]"],
    [`https://x.example/a?k=${encodeURIComponent("päss wört/42")}`, "https://x.example/a"],
    [`in a path ${encodeURIComponent("päss wört/42")}`, "in a path [redacted]"],
    [`json ${JSON.stringify('quo"ted\\key')}`, 'json "[redacted]"'],
    ["https://me:hunter22@x.example:8443/v1?api-key=1#frag rest", "https://x.example:8443/v1 rest"],
    ["http://token@x.example", "http://x.example"],
    ["/home/jane.doe/work/a.ts", "~/work/a.ts"],
    ["/Users/jane/x and C:\\Users\\Jane\\y", "/Users/…/x and C:\\Users\\…\\y"],
    ["sk-proj-abcdefghijklmnop and AIzaSyA1234567890abcdefghijklm", "[redacted] and [redacted]"],
    ["Authorization: Bearer abc.def", "Authorization: [redacted]"],
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "[redacted]"],
    [
      "claude-3-5-sonnet-20241022 at http://127.0.0.1:4141",
      "claude-3-5-sonnet-20241022 at http://127.0.0.1:4141",
    ],
  ])("%s", (text, shown) => {
    expect(clean(text)).toBe(shown);
  });

  test("wherever a secret may have got in", () => {
    const planted = inputs({
      surroundings: {
        postern: CANARY,
        vscode: CANARY,
        node: CANARY,
        system: `/home/jane.doe ${CANARY}`,
        host: CANARY,
      },
      engine: {
        kind: "running",
        facts: {
          ...facts,
          version: CANARY,
          node: CANARY,
          log: [{ time: 0, level: "error", message: `https://u:${CANARY}@h/?q=${CANARY} ${CANARY}` }],
        },
      },
      gateway: { kind: "failed", code: "listen_failed", message: CANARY, port: 1 },
      gatewayKeys: [{ name: CANARY, fault: CANARY }],
      providers: [
        usable({
          id: CANARY,
          baseUrl: `https://${CANARY}@h.example/v1?key=${CANARY}`,
          credential: CANARY,
          test: {
            ok: false,
            verdict: CANARY,
            latencyMs: 1,
            models: [CANARY],
            finding: { code: "key_wrong", sentence: CANARY, remedies: [], said: CANARY },
          },
        }),
        { kind: "faulty", id: CANARY, index: 1, problems: [{ path: CANARY, message: CANARY }] },
      ],
      settingsProblems: [{ path: CANARY, message: CANARY }],
      environment: () => `http://${encodeURIComponent(CANARY)}@h.example/`,
    });
    const report = renderReport(planted, checksOf(planted), { secrets, home: "/home/jane.doe" });
    expect(report).not.toContain("8461");
    expect(report).not.toContain("jane");
  });
});
