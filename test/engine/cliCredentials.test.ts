import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cliFile, Gateway, providerEntry, run, temporaryFolder } from "../support/gateway";
import { json, ReplayProvider } from "../support/replayProvider";
import { eventually } from "../support/waiting";
import { program } from "../support/windowCredentials";

let provider: ReplayProvider;
beforeAll(async () => {
  provider = await ReplayProvider.start(json({ choices: [], usage: {} }));
});
afterAll(() => provider?.stop());

const folder = temporaryFolder();
async function refusal(credentials: readonly object[], args: readonly string[] = []) {
  const file = join(folder.path, "postern.json");
  const entry = { id: "p", type: "openai", baseUrl: "https://a.example/v1", credentials };
  writeFileSync(file, JSON.stringify({ providers: [entry] }));
  return run(process.execPath, [cliFile, "check", "--config", file, ...args]);
}

const withCredentials = (credentials: readonly object[]) => {
  const { apiKey: _, ...entry } = providerEntry(provider.url, { credentials });
  return entry;
};

/** A program that prints another token each time: t1, t2 … */
function counting(name: string, more = ""): string[] {
  const counter = JSON.stringify(join(folder.path, name));
  const count = `const fs = require("node:fs"); fs.appendFileSync(${counter}, "x");`;
  const token = `"t" + fs.readFileSync(${counter}).length`;
  return program(`${count} console.log(JSON.stringify({ access_token: ${token}${more} }));`);
}

describe("credentials of a configuration file", () => {
  it("run no program that was not allowed, and say which", async () => {
    const { code, stderr } = await refusal([
      { kind: "command", command: ["az", "account", "get access token"] },
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      'providers[0].credentials[0].command: runs a program; read it, and allow it with --allow-commands: az account "get access token"',
    );
  });

  it("have no accounts and no secret storage", async () => {
    const { code, stderr } = await refusal([{ kind: "entra" }, { kind: "github" }, { kind: "stored" }]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/credentials\[0\]\.kind: the Microsoft account is VS Code's.*az account/);
    expect(stderr).toMatch(/credentials\[1\]\.kind: the GitHub account is VS Code's/);
    expect(stderr).toMatch(/credentials\[2\]\.kind: the secret storage is VS Code's/);
  });

  it("are variables and what programs print, which are there before the first request", async () => {
    const command = program("setTimeout(() => console.log('printed'), 300)");
    const gateway = await Gateway.start({
      providers: [
        { ...withCredentials([{ kind: "command", command }]), id: "one" },
        { ...withCredentials([{ kind: "env", name: "MY_KEY" }]), id: "two" },
      ],
      args: ["--allow-commands"],
      env: { MY_KEY: "from-env" },
    });
    try {
      const sent = async (id: string) => {
        const answer = await gateway.post("/v1/chat/completions", { model: `${id}/model-a`, messages: [] });
        expect(answer.status, await answer.text()).toBe(200);
        return provider.last.headers.authorization;
      };
      expect(await sent("one")).toBe("Bearer printed");
      expect(await sent("two")).toBe("Bearer from-env");
      expect(gateway.stderr).not.toContain("printed");
    } finally {
      await gateway.stop();
    }
  });

  it("are got anew before they end", async () => {
    const gateway = await Gateway.start({
      providers: [withCredentials([{ kind: "command", command: counting("expiring", ", expires_in: 3") }])],
      args: ["--allow-commands"],
    });
    try {
      const sent = async () => {
        const answer = await gateway.post("/v1/chat/completions", { model: "model-a", messages: [] });
        expect(answer.status, await answer.text()).toBe(200);
        return provider.last.headers.authorization;
      };
      expect(await sent()).toBe("Bearer t1");
      await eventually(async () => (await sent()) !== "Bearer t1", "another token");
      expect(await sent()).toMatch(/^Bearer t[2-9]$/);
    } finally {
      await gateway.stop();
    }
  });

  it("are got anew where the provider refuses them, and the request does not notice", async () => {
    const gateway = await Gateway.start({
      providers: [withCredentials([{ kind: "command", command: counting("refused") }])],
      args: ["--allow-commands"],
    });
    const sent: (string | undefined)[] = [];
    const answers = json({ choices: [], usage: {} });
    provider.play = (exchange) => {
      sent.push(exchange.headers.authorization);
      const known = exchange.headers.authorization !== "Bearer t1";
      return known ? answers(exchange) : json({ error: { message: "expired" } }, 401)(exchange);
    };
    try {
      const asking = () => gateway.post("/v1/chat/completions", { model: "model-a", messages: [] });
      const all = await Promise.all([asking(), asking(), asking()]);
      expect(all.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(sent.filter((value) => value === "Bearer t2")).toHaveLength(3);
      expect(readFileSync(join(folder.path, "refused"), "utf8")).toBe("xx");
      expect((await asking()).status).toBe(200);
      expect(sent.at(-1)).toBe("Bearer t2");
    } finally {
      provider.play = answers;
      await gateway.stop();
    }
  });
});
