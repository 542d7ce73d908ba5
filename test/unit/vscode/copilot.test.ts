import { beforeEach, describe, expect, test, vi } from "vitest";
import type { ProviderQuota } from "../../../src/core/governance/quota";
import { addCopilotFlow } from "../../../src/vscode/commands/addCopilot";
import { switched } from "../../../src/vscode/credentials/listEdits";
import type { NewProvider } from "../../../src/vscode/providers/registry";
import { renderProviders } from "../../../src/vscode/render/providersTree";
import type { Answer, InputStep, PickStep } from "../../../src/vscode/ui/steps";
import { entry, limitsStatus, NOON, providerStatus, ready, state } from "./fixtures";

/** Which button of the notice is pressed, each time that it is shown. */
const pressed: (string | undefined)[] = [];
const opened: string[] = [];
vi.mock("vscode", () => ({
  window: {
    showWarningMessage: async (_: string, __: object, ...buttons: string[]) => pressed.shift() ?? buttons[0],
  },
  env: { openExternal: async (uri: string) => opened.push(uri) },
  Uri: { parse: (text: string) => text },
  commands: {},
}));
const answers: unknown[] = [];
let fault: string | undefined;
vi.mock("../../../src/vscode/ui/steps", () => {
  const answer = async (): Promise<Answer<unknown>> =>
    answers.length === 0 ? { kind: "cancel" } : { kind: "answer", value: answers.shift() };
  return {
    pickStep: (_: PickStep<unknown>) => answer(),
    inputStep: async ({ validate }: InputStep) => {
      const given = await answer();
      if (given.kind === "answer") fault = validate?.(String(given.value)) ?? undefined;
      return given;
    },
  };
});
vi.mock("../../../src/vscode/ui/notify", () => ({ notify: () => {} }));

let added: { provider: NewProvider; key: string | undefined }[];
let asked: string[];
beforeEach(() => {
  added = [];
  asked = [];
  fault = undefined;
  for (const list of [pressed, opened, answers]) list.length = 0;
});

const run = () =>
  addCopilotFlow({
    registry: {
      add: async (provider, key) => {
        added.push({ provider, key });
        return provider.id;
      },
    },
    environment: () => undefined,
    credentials: {
      confirm: async (_, { kind }) => void asked.push(`confirm ${kind}`),
      signIn: async (_, { kind }) => void asked.push(`signIn ${kind}`),
    },
  });

describe("adding a Copilot subscription", () => {
  test("begins with what GitHub's terms say, and adds nothing without it", async () => {
    pressed.push("Show GitHub's Terms", "Cancel");
    answers.push("github");
    expect(await run()).toBeUndefined();
    expect(opened.length).toBeGreaterThan(0);
    expect(added).toEqual([]);
    expect(asked).toEqual([]);
  });

  test("signs in with VS Code's account, and notes that the terms were read", async () => {
    answers.push("github");
    await run();
    expect(asked).toEqual(["signIn github"]);
    expect(added[0]?.provider).toMatchObject({
      type: "copilot",
      copilot: { acceptedTerms: true },
      credentials: [{ kind: "github" }],
    });
  });

  test("takes a fine-grained token into the secret storage, and no classic one", async () => {
    answers.push("token", "github_pat_1234567890");
    await run();
    expect(fault).toBeUndefined();
    expect(added[0]?.key).toBe("github_pat_1234567890");
    expect(JSON.stringify(added[0]?.provider)).not.toContain("github_pat_");
    answers.push("token", "ghp_1234567890");
    await run();
    expect(fault).toContain("classic");
  });
});

describe("accounts in the tree", () => {
  test("show their tokens' ends and what is left, and one that is switched off as such", () => {
    const copilot = entry({
      id: "copilot",
      type: "copilot",
      credentials: [
        { label: "work", source: "env", place: 0, usable: true },
        {
          label: "home",
          source: "env",
          place: 1,
          usable: false,
          reason: "it is switched off",
          why: "stopped",
        },
      ],
    });
    const status = providerStatus({
      id: "copilot",
      credentials: [{ label: "work", state: "active", masked: "gho_abcdef...wxyz" }],
      models: [
        { id: "gpt-5-mini", facts: { premiumMultiplier: 0, sources: { premiumMultiplier: "provider" } } },
        { id: "claude", facts: { premiumMultiplier: 1.5, sources: { premiumMultiplier: "provider" } } },
      ],
    });
    const quota: ProviderQuota = {
      provider: "copilot",
      credential: "work",
      unit: "premiumRequests",
      window: "month",
      limit: 300,
      remaining: 290,
      at: NOON,
      basis: "reported",
    };
    const [node] = renderProviders(
      state(ready({ providers: [status], limits: limitsStatus([], { quotas: [quota] }) }), {
        providers: [copilot],
      }),
    );
    const rows = (node?.children ?? []).map(({ label, description }) => [label, description]);
    expect(rows).toEqual([
      ["work", "290 of 300 premium requests a month left · gho_abcdef...wxyz · from the environment"],
      ["home", "it is switched off"],
      ["gpt-5-mini", "free"],
      ["claude", "1.5× premium"],
    ]);
    const [work, home] = node?.children ?? [];
    expect(work?.contextValue).toContain("switchable");
    expect(home?.contextValue).toContain("stopped");
  });

  test("are switched in the settings, a stored key by its label", () => {
    const two = { credentials: [{ kind: "env", name: "A" }, { kind: "github" }] };
    const off = switched(two, false, 1, "GitHub account", false);
    expect(off.credentials).toEqual([
      { kind: "env", name: "A" },
      { kind: "github", enabled: false },
    ]);
    expect(switched({ credentials: off.credentials }, false, 1, "", true).credentials).toEqual(
      two.credentials,
    );
    expect(switched({ credentials: [{ kind: "stored" }] }, true, 0, "work", false).credentials).toEqual([
      { kind: "stored", label: "work", enabled: false },
      { kind: "stored" },
    ]);
  });
});
