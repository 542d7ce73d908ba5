import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { fakeModel } from "../../support/copilot/fakeGitHub";
import { CopilotStage, newGitHub, ONE, RUNTIMES, type StageOptions, TWO } from "../../support/copilot/stage";
import { GATEWAY_KEY, runCli, temporaryFolder } from "../../support/gateway";

const stages: CopilotStage[] = [];
async function start(options: StageOptions, github?: CopilotStage["github"]): Promise<CopilotStage> {
  const stage = await CopilotStage.start(options, github);
  stages.push(stage);
  return stage;
}
afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.stop()));
});

const BOTH = { one: ONE, two: TWO };

describe.each(RUNTIMES)("accounts of a Copilot subscription by $name", ({ path }) => {
  it("take turns, and each has its own quota", async () => {
    const stage = await start({ runtime: path, accounts: BOTH });
    await stage.quota("one", 290);
    await stage.quota("two", 800);
    for (let at = 0; at < 4; at++) await (await stage.chat({})).text();
    expect(stage.github.asked.map(({ token }) => token)).toEqual([ONE, TWO, ONE, TWO]);
    // Asked for again after use.
    await stage.quota("one", 288);
    await stage.quota("two", 798);
    const { data } = (await (await stage.gateway.fetch("/v1/quota")).json()) as { data: object[] };
    expect(data).toContainEqual(
      expect.objectContaining({
        provider: "copilot",
        account: "two",
        unit: "premiumRequests",
        entitlement: 1500,
        used: 702,
        remaining: 798,
        remaining_percent: 53.2,
        overage: 0,
        resets_at: "2027-01-01T00:00:00.000Z",
        basis: "reported",
      }),
    );
  });

  it("is the one that x-github-token-id names, by its label or its masked token", async () => {
    const stage = await start({ runtime: path, accounts: BOTH });
    for (const name of ["two", "two", "gho_oneone...1111"]) {
      await (await stage.chat({}, { "x-github-token-id": name })).text();
    }
    expect(stage.github.asked.map(({ token }) => token)).toEqual([TWO, TWO, ONE]);
    const none = await stage.chat({}, { "x-github-token-id": "three" });
    expect(none.status).toBe(403);
    const text = await none.text();
    expect(text).toContain("one, two");
    expect(text).not.toContain(ONE);
  });

  it("is only one that has the model", async () => {
    const github = await newGitHub();
    github.accounts.set(TWO, {
      login: "octo-two",
      entitlement: 1500,
      used: 0,
      models: [fakeModel("gpt-5-mini", 0), fakeModel("claude-opus-4.5", 10)],
    });
    const stage = await start({ runtime: path, accounts: BOTH }, github);
    expect(await stage.ids()).toContain("claude-opus-4.5");
    for (let at = 0; at < 3; at++) await (await stage.chat({ model: "claude-opus-4.5" })).text();
    expect(stage.github.asked.map(({ token }) => token)).toEqual([TWO, TWO, TWO]);
  });

  it("is left alone once GitHub refuses its token, and the other one answers", async () => {
    const stage = await start({ runtime: path, accounts: BOTH });
    await stage.ids();
    stage.github.answer = ({ token }) =>
      token === ONE ? [{ status: 401, error: "bad token" }] : [{ content: "fine" }];
    for (let at = 0; at < 3; at++) {
      const response = await stage.chat({});
      expect(response.status).toBe(200);
      expect(await response.text()).toContain("fine");
    }
    expect(stage.github.asked.filter(({ token }) => token === ONE)).toHaveLength(1);
  });

  it("is passed over for another one when its premium requests are used up", async () => {
    const stage = await start({ runtime: path, accounts: BOTH });
    await stage.ids();
    stage.github.answer = ({ token }) =>
      token === ONE ? [{ status: 402, error: "no premium requests left" }] : [{ content: "fine" }];
    const response = await stage.chat({ model: "claude-sonnet-4.5", stream: true });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("fine");
  });

  it("is one that has premium requests left, where one is needed", async () => {
    const stage = await start({ runtime: path, accounts: BOTH });
    const account = stage.github.accounts.get(ONE);
    if (account) account.used = account.entitlement;
    await stage.quota("one", 0);
    await stage.quota("two", 800);
    const tokens = async (model: string) => {
      stage.github.asked.length = 0;
      for (let at = 0; at < 2; at++) await (await stage.chat({ model })).text();
      return new Set(stage.github.asked.map(({ token }) => token));
    };
    expect(await tokens("claude-sonnet-4.5")).toEqual(new Set([TWO]));
    expect(await tokens("gpt-5-mini")).toContain(ONE);
  });

  it("counts premium requests against a gateway key's budget: a person's questions, not what follows from tools", async () => {
    const keys = [{ name: "test", key: GATEWAY_KEY, budget: { premiumRequests: 2, period: "day" } }];
    const stage = await start({ runtime: path, gateway: { keys } });
    await stage.ids();
    const model = "claude-sonnet-4.5";
    const messages = [
      { role: "user", content: "weather?" },
      {
        role: "assistant",
        tool_calls: [{ id: "c1", type: "function", function: { name: "w", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "c1", content: "sunny" },
    ];
    const tools = [
      { type: "function", function: { name: "w", parameters: { type: "object", properties: {} } } },
    ];
    expect((await stage.chat({ model })).status).toBe(200);
    expect((await stage.chat({ model, messages, tools })).status).toBe(200);
    expect((await stage.chat({ model })).status).toBe(200);
    const refused = await stage.chat({ model });
    expect(refused.status).toBe(429);
    expect(await refused.text()).toContain("premium request");
    // One that is free with the subscription needs none.
    expect((await stage.chat({ model: "gpt-5-mini" })).status).toBe(200);
  });

  it("hands its token to the runtime by no argument and no variable, and says nothing of it", async () => {
    const stage = await start({ runtime: path });
    stage.github.answer = () => [{ status: 400, error: `strange ${ONE}` }];
    const response = await stage.chat({});
    expect(await response.text()).not.toContain(ONE);
    expect(JSON.stringify([...response.headers])).not.toContain(ONE.slice(-8));
    const gateway = String(stage.gateway.process.pid);
    const listed = execFileSync("ps", ["eww", "-o", "args=", "--ppid", gateway]).toString();
    expect(listed).toContain("COPILOT_AUTO_UPDATE=false");
    expect(listed).not.toContain(ONE);
    expect(stage.gateway.stderr).not.toContain(ONE);
  });

  it("leaves nothing of a prompt, an answer or a token on the disk", async () => {
    const folder = temporaryFolder();
    const dataDir = join(folder.path, "data");
    mkdirSync(dataDir);
    const config = { audit: { level: "metadata" } };
    const stage = await start({ runtime: path, dataDir, config });
    stage.github.answer = () => [{ content: "quagga-answer" }];
    const messages = [
      { role: "user", content: "zebra-earlier" },
      { role: "assistant", content: "okapi-earlier" },
      { role: "user", content: "zebra-now" },
    ];
    expect(await (await stage.chat({ messages })).text()).toContain("quagga-answer");
    await stage.gateway.stop();
    const found = execFileSync("sh", [
      "-c",
      `grep -rlaE 'zebra-|okapi-|quagga-|${ONE}' "$1" || true`,
      "sh",
      dataDir,
    ]).toString();
    expect(found).toBe("");
    folder.remove();
  });
});

describe("a Copilot provider's configuration", () => {
  const [runtime = { path: "" }] = RUNTIMES;

  it("is refused until the terms were read, with what they say", async () => {
    const folder = temporaryFolder();
    const file = join(folder.path, "c.json");
    writeFileSync(
      file,
      JSON.stringify({ providers: [{ id: "c", type: "copilot", baseUrl: "https://github.com" }] }),
    );
    const { code, stderr } = await runCli(["serve", "--config", file]);
    expect(code).toBe(2);
    expect(stderr).toContain("providers[0].copilot.acceptedTerms");
    expect(stderr).toContain("for one person");
    folder.remove();
  });

  it("says of a token that Copilot does not take why, without sending it", async () => {
    const stage = await start({ runtime: runtime.path, accounts: { old: "ghp_classicclassicclassic12" } });
    const response = await stage.chat({ model: "copilot/gpt-5-mini" });
    expect(response.status).toBe(403);
    const text = await response.text();
    expect(text).toContain("classic personal access token");
    expect(text).not.toContain("ghp_classicclassic");
    expect(stage.github.paths).toEqual([]);
  });

  it("is checked by each account's list of models, which costs nothing", async () => {
    const github = await newGitHub();
    const folder = temporaryFolder();
    const file = join(folder.path, "c.json");
    const copilot = { acceptedTerms: true, cliPath: runtime.path };
    const credentials = [{ kind: "env", name: "TOKEN", label: "one" }];
    writeFileSync(
      file,
      JSON.stringify({
        providers: [{ id: "c", type: "copilot", baseUrl: github.url, copilot, credentials }],
      }),
    );
    const good = await runCli(["check", "--probe", "--config", file], { TOKEN: ONE });
    expect(good).toMatchObject({ code: 0 });
    expect(good.stdout).toContain("2 models of the subscription can be used");
    const bad = await runCli(["check", "--config", file], { TOKEN: "gho_unknownunknownunknown" });
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain("does not take the account's token");
    expect(github.asked).toEqual([]);
    github.stop();
    folder.remove();
  });

  it("says what is missing where there is no runtime; other providers work", async () => {
    const stage = await start({ runtime: "/nowhere/copilot-runtime" });
    const response = await stage.chat({ model: "copilot/gpt-5-mini" });
    expect(response.status).toBe(502);
    expect(await response.text()).toContain("/nowhere/copilot-runtime, where no program is");
    expect((await stage.gateway.fetch("/v1/models")).status).toBe(200);
  });

  it("leaves out an account that is switched off", async () => {
    const stage = await start({
      runtime: runtime.path,
      accounts: BOTH,
      provider: {
        credentials: [
          { kind: "env", label: "one", name: "TOKEN_ONE", enabled: false },
          { kind: "env", label: "two", name: "TOKEN_TWO" },
        ],
      },
    });
    for (let at = 0; at < 3; at++) await (await stage.chat({})).text();
    expect(stage.github.asked.map(({ token }) => token)).toEqual([TWO, TWO, TWO]);
  });
});
