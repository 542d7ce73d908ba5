import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type ProviderConfig, providerSchema } from "../../src/core/config/schema";
import type { AskedCredential } from "../../src/core/credentials/resolve";
import { temporaryFolder } from "../support/gateway";
import { eventually } from "../support/waiting";
import { program, windowCredentials } from "../support/windowCredentials";

const SECRET = "sk-secret-of-the-program";
const folder = temporaryFolder();
const open: ReturnType<typeof windowCredentials>[] = [];
afterEach(() => {
  for (const { credentials } of open.splice(0)) credentials.asked.dispose();
});

function window() {
  const parts = windowCredentials();
  open.push(parts);
  return parts;
}

const withCommand = (command: readonly string[], change: object = {}): ProviderConfig =>
  providerSchema.parse({
    id: "p",
    type: "openai",
    baseUrl: "https://a.example/v1",
    credentials: [{ kind: "command", command, ...change }],
  });

/** What becomes of a command that the person has confirmed. */
async function outcomeOf(command: readonly string[], change: object = {}, parts = window()) {
  const provider = withCommand(command, change);
  const credential = provider.credentials?.[0] as AskedCredential;
  await parts.consents.give(provider, credential);
  parts.credentials.asked.asked(provider, credential, "x");
  await parts.credentials.asked.settled(15_000);
  const outcome = parts.credentials.asked.asked(provider, credential, "x");
  const logged = parts.log.join("\n");
  return { outcome, reason: outcome.kind === "missing" ? outcome.reason : "", logged };
}

describe("a program that prints a token", () => {
  it("gives it, and what it says on standard error is nowhere", async () => {
    const script = `console.error("${SECRET}-err"); console.log("${SECRET}")`;
    const { outcome, logged } = await outcomeOf(program(script));
    expect(outcome).toEqual({ kind: "bearerToken", value: SECRET });
    expect(logged).not.toContain(SECRET);
  });

  it.each<[string, readonly string[], object, RegExp]>([
    [
      "fails",
      program(`console.log("${SECRET}"); console.error("${SECRET}"); process.exit(3)`),
      {},
      /exit code 3/,
    ],
    [
      "prints garbage",
      program(`console.log("please log in: ${SECRET}")`),
      {},
      /spaces or special characters/,
    ],
    ["prints nothing", program(";"), {}, /prints nothing/],
    [
      "never stops printing",
      program(`const text = "${SECRET}".repeat(1000); const go = () => process.stdout.write(text, go); go()`),
      {},
      /too much/,
    ],
    ["never ends", program("setInterval(() => {}, 1000)"), { timeoutSeconds: 1 }, /did not end within 1 s/],
    ["ends itself by a signal", program(`process.kill(process.pid, "SIGKILL")`), {}, /ended from outside/],
    ["is not there", ["postern-no-such-program", SECRET], {}, /is not there/],
    ["is a folder", ["/"], {}, /cannot be started/],
    [
      "prints one that has ended",
      program(`console.log(JSON.stringify({ accessToken: "${SECRET}", expires_on: 1000 }))`),
      {},
      /expired already/,
    ],
  ])("and %s is of no use, and nothing that it said is told", async (_, command, change, reason) => {
    const found = await outcomeOf(command, change);
    expect(found.reason).toMatch(reason);
    expect(found.logged).toMatch(reason);
    expect(found.logged + found.reason).not.toContain(SECRET);
  });

  it("takes what it has started with it when it takes too long", async () => {
    const mark = join(folder.path, "child");
    const child = `setTimeout(() => require("node:fs").writeFileSync(${JSON.stringify(mark)}, ""), 2500)`;
    const script = `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: "inherit" }); setInterval(() => {}, 1000)`;
    expect((await outcomeOf(program(script), { timeoutSeconds: 1 })).reason).toMatch(/did not end/);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(existsSync(mark)).toBe(false);
  });

  it("is started in the home folder and without what VS Code's own processes run under", async () => {
    process.env.ELECTRON_RUN_AS_NODE = "1";
    process.env.VSCODE_TEST = "1";
    try {
      const script = `console.log([process.cwd(), process.env.ELECTRON_RUN_AS_NODE, process.env.VSCODE_TEST, !!process.env.PATH].join("|"))`;
      const { outcome } = await outcomeOf(program(script));
      expect(outcome).toMatchObject({ value: `${process.env.HOME}|||true` });
    } finally {
      delete process.env.ELECTRON_RUN_AS_NODE;
      delete process.env.VSCODE_TEST;
    }
  });
});

describe("a command is run only after the person has confirmed that very one", () => {
  const marker = join(folder.path, "ran");
  const touch = (suffix = "") =>
    program(`require("node:fs").writeFileSync(${JSON.stringify(marker)}, ""); console.log("t${suffix}")`);

  it("asks again for another one, and for another address", async () => {
    const parts = window();
    const { consents, credentials, state } = parts;
    const asks = async (provider: ProviderConfig) => {
      const credential = provider.credentials?.[0] as AskedCredential;
      credentials.asked.asked(provider, credential, "x");
      await credentials.asked.settled(10_000);
      return credentials.asked.asked(provider, credential, "x");
    };
    const first = withCommand(touch());
    expect(await asks(first)).toMatchObject({ kind: "missing", why: "consent" });
    expect(existsSync(marker)).toBe(false);
    await credentials.confirm(first, first.credentials?.[0] as AskedCredential);
    expect(await asks(first)).toEqual({ kind: "bearerToken", value: "t" });
    expect(await asks(withCommand(touch(" ")))).toMatchObject({ why: "consent" });
    expect(await asks({ ...first, baseUrl: "https://evil.example" })).toMatchObject({ why: "consent" });
    // Another way to run the same one is not another one.
    expect(await asks(withCommand(touch(), { timeoutSeconds: 5 }))).toEqual({
      kind: "bearerToken",
      value: "t",
    });
    // Nothing of the command stands in the state.
    expect(JSON.stringify([...state.values])).not.toMatch(/node|writeFileSync|evil/);
    await consents.takeBack(first, first.credentials?.[0] as AskedCredential);
    expect(consents.has(first, first.credentials?.[0] as AskedCredential)).toBe(false);
  });

  it("an account's token goes to its issuer's hosts, and elsewhere only where the person has said so", async () => {
    const { accounts, credentials } = window();
    accounts.tokens.set("microsoft https://cognitiveservices.azure.com/.default", "entra");
    const asks = async (baseUrl: string) => {
      const provider = { ...withCommand(["x"]), baseUrl, credentials: [{ kind: "entra" as const }] };
      credentials.asked.asked(provider, { kind: "entra" }, "x");
      await credentials.asked.settled(10_000);
      return { provider, outcome: credentials.asked.asked(provider, { kind: "entra" }, "x") };
    };
    expect((await asks("https://r.openai.azure.com/openai/v1")).outcome).toMatchObject({ value: "entra" });
    const elsewhere = await asks("https://gateway.example/v1");
    expect(elsewhere.outcome).toMatchObject({ kind: "missing", why: "consent" });
    await credentials.confirm(elsewhere.provider, { kind: "entra" });
    expect((await asks("https://gateway.example/v1")).outcome).toMatchObject({ value: "entra" });
    expect(accounts.asked.every(({ silent }) => silent)).toBe(true);
  });

  it("nobody signed in is said, and a sign-in is noticed", async () => {
    const { accounts, credentials } = window();
    const provider = { ...withCommand(["x"]), baseUrl: "https://models.github.ai/inference" };
    const asks = (account?: string) =>
      credentials.asked.asked(provider, { kind: "github", ...(account ? { account } : {}) }, "x");
    asks();
    asks("you@contoso.com");
    await credentials.asked.settled(10_000);
    expect(asks()).toMatchObject({
      kind: "missing",
      why: "signIn",
      reason: expect.stringMatching(/nobody is signed in/),
    });
    expect(asks("you@contoso.com")).toMatchObject({
      reason: expect.stringMatching(/you@contoso.com is not signed in/),
    });
    accounts.tokens.set("github read:user", "gho");
    credentials.accountsChanged();
    await eventually(() => asks().kind === "bearerToken", "the token");
  });

  it("a token is not used after the person has signed out, but where the account only cannot be asked", async () => {
    const { accounts, credentials } = window();
    const provider = { ...withCommand(["x"]), baseUrl: "https://models.github.ai/inference" };
    const asks = () => credentials.asked.asked(provider, { kind: "github" }, "x");
    accounts.tokens.set("github read:user", "gho");
    asks();
    await credentials.asked.settled(10_000);
    const { getSession } = accounts;
    accounts.getSession = async () => Promise.reject(new Error("the network is gone"));
    credentials.accountsChanged();
    await credentials.asked.settled(10_000);
    expect(asks()).toMatchObject({ value: "gho" });
    accounts.getSession = getSession;
    accounts.tokens.clear();
    credentials.accountsChanged();
    await eventually(() => asks().kind === "missing", "the token is forgotten");
    expect(asks()).toMatchObject({ why: "signIn" });
    expect(accounts.asked.every(({ silent }) => silent)).toBe(true);
  });
});
