import { execFileSync } from "node:child_process";
import { describe, expect, it, test } from "vitest";
import { readableAnswer, readableRequest } from "../../../src/core/governance/audit/readable";
import type { RequestRecord } from "../../../src/core/governance/requestRecord";
import { ActivityFeed, type ActivitySource } from "../../../src/vscode/activity/activityFeed";
import { type ActivityState, ActivityStore, NO_ACTIVITY } from "../../../src/vscode/activity/activityState";
import { type ActivityDetail, renderRequestDocument } from "../../../src/vscode/render/activityDocument";
import { renderActivity } from "../../../src/vscode/render/activityTree";
import { policyWarningText } from "../../../src/vscode/render/policyWarning";
import { commitTrailer, curlCommand, replayable } from "../../../src/vscode/render/requestActions";
import { costText, durationText } from "../../../src/vscode/render/requestText";
import { caller, record } from "../../support/records";

const NOON = Date.UTC(2026, 6, 1, 12);
const clock = { now: NOON + 60_000, timeZone: "UTC" };

/** An eventful request, with all that a row can say. */
const eventful: RequestRecord = record({
  id: "req_1",
  startedAt: NOON,
  durationMs: 2_300,
  firstByteMs: 1_250,
  caller: caller({
    name: "laptop",
    labels: { team: "web" },
    workspace: { folder: "/home/ada/api", remote: "github.com/acme/api", branch: "main", trusted: true },
  }),
  tool: "claude-code",
  task: "code",
  operation: "messages",
  protocolIn: "messages",
  protocolOut: "chat",
  route: "fast",
  modelAsked: "fast",
  provider: "openai",
  model: "gpt-small",
  modelAnswered: "gpt-small-2026",
  credential: "work",
  attempts: [
    {
      provider: "azure",
      model: "gpt-4o",
      credential: "eu",
      startMs: 10,
      durationMs: 800,
      status: 429,
      reason: "rate limited",
    },
    {
      provider: "openai",
      model: "gpt-small",
      credential: "work",
      startMs: 900,
      durationMs: 1_400,
      status: 200,
    },
  ],
  usage: { inputTokens: 34_500, outputTokens: 512, cachedInputTokens: 30_000, reasoningTokens: 100 },
  cost: { microUsd: 12_345, basis: "estimated", priceSource: "catalogue 2026-06-01" },
  dropped: ["top_k"],
  policyRule: "no secrets",
});

function shown(state: Partial<ActivityState>): string[] {
  const rows = renderActivity({ ...NO_ACTIVITY, kind: "known", at: clock.now, ...state }, clock);
  return rows.map(({ icon, label, description }) =>
    [icon?.id, label, description].filter((text) => text).join(" | "),
  );
}

describe("the Activity view", () => {
  const {
    durationMs: _,
    attempts: __,
    status: ___,
    outcome: ____,
    dropped: _____,
    ...running
  } = record({
    id: "req_2",
    startedAt: clock.now - 3_900,
    modelAsked: "big",
    provider: "openai",
  });

  it("marks tokens that were estimated, as it marks what they cost", () => {
    const cut = record({ startedAt: NOON, outcome: "cut", usageBasis: "estimated" });
    expect(shown({ requests: [cut] })[0]).toContain("≈ 10 → 5 tokens");
  });

  it("tells how many premium requests one was, and how that is known", () => {
    const audited = { level: "metadata" } as const;
    const text = (change: Partial<RequestRecord>) =>
      renderRequestDocument({ record: record(change), audited }, "UTC");
    expect(text({ premiumRequests: 0.33, premiumBasis: "estimated" })).toContain(
      "- Premium requests: 0.33 (estimated)",
    );
    expect(text({ premiumRequests: 1, premiumBasis: "reported" })).toContain(
      "- Premium requests: 1 (reported)",
    );
    // Of rows from before it was noted.
    expect(text({ premiumRequests: 1 })).toContain("- Premium requests: 1\n");
  });

  it("shows what runs first, then the latest, with who, where, how long and how much", () => {
    const requests = [
      record({ startedAt: NOON, outcome: "failed", status: 502, durationMs: 90_000 }),
      record({
        startedAt: NOON - 86_400_000,
        caller: { kind: "vscode", name: "github.copilot-chat", labels: {} },
      }),
      eventful,
    ];
    expect(shown({ running: [running], requests, next: { startedAt: 1, id: "x" } })).toEqual([
      "sync~spin | big | ci · openai · 3.0 s",
      "error | small | failed · 12:00:00 · ci · openai · 1 min 30 s · 10 → 5 tokens · $0.000025",
      "pass | small | 2026-06-30 12:00:00 · github.copilot-chat · openai · 250 ms · 10 → 5 tokens · $0.000025",
      "pass | fast | 12:00:00 · claude-code (laptop) · openai · 2.3 s · 34.5k → 512 tokens · ≈ $0.0123",
      "ellipsis | Show more…",
    ]);
  });

  it("has a name for a request that could not be read, too", () => {
    const { provider: _, model: __, ...unread } = record({ modelAsked: "", outcome: "refused", status: 400 });
    expect(shown({ requests: [unread] })[0]).toContain("(no model) | refused");
    const page = renderRequestDocument({ record: unread, audited: { level: "metadata" } }, "UTC");
    expect(page).toMatch(/^# \(no model\): refused/);
  });

  it("says that nothing has passed, that nothing fits, or that there is nobody to ask", () => {
    expect(shown({})).toEqual(["info | No requests yet."]);
    expect(shown({ filter: { provider: "azure", text: "x" } })).toEqual([
      'filter-filled | Filter | "x", provider azure',
      "info | No kept request or answer has these words.",
    ]);
    expect(shown({ kind: "away" })).toEqual(["info | No engine is running, so nothing passes."]);
    expect(shown({ kind: "unknown" })).toEqual([]);
    expect(shown({ fault: "The engine went away." })[0]).toBe("warning | The engine went away.");
  });

  it("filters what runs by what is known of it", () => {
    expect(shown({ running: [running], filter: { gatewayKey: "ci" } })).toHaveLength(2);
    expect(shown({ running: [running], filter: { gatewayKey: "other" } })[1]).toContain("No request fits");
    expect(shown({ running: [running], filter: { outcome: "failed" } })[1]).toContain("No request fits");
  });

  it("gives each row a name for screen readers, an id of its own and no markup of others", () => {
    const hostile = record({ modelAsked: "$(trash) [x](command:evil)", policyRule: "[y](command:evil)" });
    const rows = renderActivity(
      { ...NO_ACTIVITY, kind: "known", running: [running], requests: [eventful, hostile] },
      clock,
    );
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    for (const row of rows) expect(row.accessibilityLabel.length).toBeGreaterThan(5);
    expect(rows[2]?.tooltip).not.toContain("[y](command:evil)");
  });
});

describe("the document of a request", () => {
  const request = JSON.stringify({
    model: "fast",
    max_tokens: 10,
    system: "Be brief.",
    messages: [
      { role: "user", content: "Look at ```this```\n# not a heading" },
      {
        role: "assistant",
        content: [{ type: "tool_use", id: "t1", name: "bash", input: { command: "ls" } }],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "a.txt" }] },
    ],
  });
  const answer = JSON.stringify({ blocks: [{ kind: "text", text: "Done." }], stop: "stop" });
  const meta = (text: string) => ({
    sha256: "",
    bytes: text.length,
    keptBytes: text.length,
    redacted: [],
    text,
  });

  function detailed(audited: Partial<ActivityDetail["audited"]>): string {
    return renderRequestDocument({ record: eventful, audited: { level: "metadata", ...audited } }, "UTC");
  }

  it("tells everything, and the conversation as one can read it", () => {
    const asked = readableRequest("messages", request);
    const answered = readableAnswer("messages", answer);
    if (!asked || !answered) throw new Error("they cannot be read");
    expect(
      detailed({
        level: "full",
        content: { request: { ...meta(request), redacted: ["github"] }, answer: meta(answer) },
        readable: { request: asked, answer: answered },
      }),
    ).toMatchInlineSnapshot(`
      "# fast: answered (200)

      - Asked at:         2026-07-01 12:00:00
      - Asked by:         claude-code (laptop)
      - Labels:           team=web
      - Task:             code
      - Workspace:        /home/ada/api
      - Git:              github.com/acme/api on main
      - Trusted:          yes
      - Model:            fast → openai/gpt-small, answered by gpt-small-2026
      - Route:            fast
      - Protocol:         Messages → Chat Completions
      - Credential:       work
      - Tokens:           34,500 in, 512 out (30,000 read from a cache, 100 of reasoning, reported)
      - Cost:             ≈ $0.0123 (estimated; price from catalogue 2026-06-01)
      - Policy:           no secrets
      - Not carried over: top_k
      - Request id:       req_1

      ## Timing

      \`\`\`text
      ██████████████··························  azure/gpt-4o with eu, 800 ms, 429: rate limited
      ···············████████████████████████·  openai/gpt-small with work, 1.4 s, 200
      first byte after 1.3 s, over after 2.3 s
      \`\`\`

      ## Request

      > Secrets were taken out before it was kept: github.

      ### system

      \`\`\`text
      Be brief.
      \`\`\`

      ### user

      \`\`\`\`text
      Look at \`\`\`this\`\`\`
      # not a heading
      \`\`\`\`

      ### assistant

      call of bash:

      \`\`\`text
      {"command":"ls"}
      \`\`\`

      ### user

      tool result:

      \`\`\`text
      a.txt
      \`\`\`

      ## Answer

      ### assistant

      \`\`\`text
      Done.
      \`\`\`
      "
    `);
  });

  it("of a cut or unreadable content says so, and shows it as it is", () => {
    const text = detailed({
      level: "full",
      content: { request: { ...meta('{"a":1}'), bytes: 5_000_000, keptBytes: 4_000_000 } },
    });
    expect(text).toContain("> Cut: 3.8 MB of 4.8 MB were kept.");
    expect(text).toContain('```json\n{\n  "a": 1\n}\n```');
  });

  it("says why there is no content, and how to have some", () => {
    expect(detailed({})).toContain(
      "were not kept. To keep the requests and answers that follow, set `postern.audit.level` to `full`",
    );
    expect(detailed({ level: "full", contentRemoved: true })).toContain("have been deleted");
    expect(detailed({ level: "full", missing: "too much was kept at the same time" })).toContain(
      "not kept: too much",
    );
  });
});

describe("what can be done with a request", () => {
  const kept = JSON.stringify({
    model: "fast",
    messages: [{ role: "user", content: 'it\'s $HOME `x` \\ "y"\nEND' }],
  });
  const sent = (command: string): { args: string[]; input: string } => {
    // A curl that tells what it was given.
    const script = `curl() { printf '%s\\0' "$@"; for a; do [ "$a" = @- ] && printf 'STDIN\\0' && cat; done; return 0; }; POSTERN_KEY=k; ${command}`;
    const [args = "", input = ""] = execFileSync("bash", { input: script, encoding: "utf8" }).split(
      "STDIN\0",
    );
    return { args: args.split("\0").slice(0, -1), input };
  };

  it("as curl goes through a shell to the letter, to the gateway, with a placeholder for the key", () => {
    const request = replayable(eventful, kept);
    if (!request) throw new Error("cannot be sent");
    const command = curlCommand("http://127.0.0.1:4141", request);
    expect(command).toContain('"Authorization: Bearer $POSTERN_KEY"');
    expect(sent(command).args).toEqual([
      "http://127.0.0.1:4141/v1/messages",
      "-H",
      "Authorization: Bearer k",
      "-H",
      "content-type: application/json",
      "-H",
      "anthropic-version: 2023-06-01",
      "-H",
      "x-postern-task: code",
      "--data-binary",
      kept,
    ]);
  });

  it("… a long one through a here-document that it cannot end", () => {
    const long = JSON.stringify({ model: "fast", text: `END\nEND_\n$(whoami) ${"x".repeat(200_000)}` });
    const request = replayable(eventful, long);
    if (!request) throw new Error("cannot be sent");
    expect(sent(curlCommand("http://127.0.0.1:4141", request)).input.trimEnd()).toBe(long);
  });

  it("replays on another model, and not what cannot be repeated", () => {
    expect(JSON.parse(replayable(eventful, kept, "azure/gpt")?.body ?? "")).toMatchObject({
      model: "azure/gpt",
      messages: [{ role: "user" }],
    });
    expect(replayable(eventful, "not JSON", "azure/gpt")).toBeUndefined();
    expect(replayable({ ...eventful, operation: "countTokens" }, kept)).toBeUndefined();
  });

  it("replays what named its model in the path, as Azure's clients do, with that model", () => {
    const azure = record({ modelAsked: "azure/gpt-4o" });
    const messages = [{ role: "user", content: "hi" }];
    for (const body of [{ messages }, { model: "left aside", messages }])
      expect(JSON.parse(replayable(azure, JSON.stringify(body))?.body ?? "")).toEqual({
        model: "azure/gpt-4o",
        messages,
      });
    const spaced = '{ "model" : "azure/gpt-4o", "messages" : [] }';
    expect(replayable(azure, spaced)?.body).toBe(spaced);
  });

  it("gives a commit trailer of one line", () => {
    expect(commitTrailer(eventful)).toBe("Assisted-by: gpt-small-2026 via openai");
    expect(commitTrailer(record({ modelAnswered: "m\nSigned-off-by: eve\r\n" }))).toBe(
      "Assisted-by: m Signed-off-by: eve via openai",
    );
  });

  it("tells small money and long times", () => {
    const cost = (microUsd: number) => costText({ microUsd, basis: "reported", priceSource: "x" });
    expect([0, 1, 9_999, 10_000, 1_234_567].map(cost)).toEqual([
      "$0.00",
      "$0.000001",
      "$0.009999",
      "$0.0100",
      "$1.23",
    ]);
    expect([0, 999, 1_000, 59_949, 59_960, 185_000].map(durationText)).toEqual([
      "0 ms",
      "999 ms",
      "1.0 s",
      "59.9 s",
      "1 min 0 s",
      "3 min 5 s",
    ]);
  });
});

test("a rule's warning cannot put a link into a notification", () => {
  const warning = {
    rule: "r](command:a)",
    message: "Look\n[here](command:workbench.action.quit)",
    caller: "ci",
  };
  expect(policyWarningText(warning)).toBe(
    'Policy "r] (command:a)", for ci: Look [here] (command:workbench.action.quit)',
  );
});

describe("the feed of the view", () => {
  function feed(source: Partial<ActivitySource> | undefined) {
    const store = new ActivityStore();
    const asked: unknown[] = [];
    const whole: ActivitySource = {
      queryRequests: async (query) => {
        asked.push(query);
        return { requests: [record()] };
      },
      findRequest: async (id) => record({ id }),
      runningRequests: async () => [],
      search: async (filter) => {
        asked.push(filter);
        return ["a", "b"];
      },
      ...source,
    };
    return {
      store,
      asked,
      feed: new ActivityFeed(
        store,
        () => (source ? whole : undefined),
        () => NOON,
      ),
    };
  }

  it("asks nobody while the view is not seen", async () => {
    const { store, asked, feed: one } = feed({});
    one.engineChanged();
    await Promise.resolve();
    expect(asked).toEqual([]);
    expect(store.value.kind).toBe("unknown");
    one.setVisible(true);
    await one.refresh();
    expect(store.value).toMatchObject({ kind: "known", at: NOON, requests: [{}] });
  });

  it("starts no engine: without one it says so", async () => {
    const { store, feed: one } = feed(undefined);
    await one.refresh();
    expect(store.value.kind).toBe("away");
  });

  it("searches words among the requests of an outcome, so that a page of it is full", async () => {
    const { asked, feed: one } = feed({});
    await one.setFilter({ text: "hello", outcome: "failed" });
    expect(asked).toEqual([{ text: "hello", outcome: "failed" }]);
  });

  it("searches words in the audit, and the rest in the ledger", async () => {
    const { store, asked, feed: one } = feed({});
    await one.setFilter({ text: "hello", gatewayKey: "ci" });
    expect(asked).toEqual([{ text: "hello", gatewayKey: "ci" }]);
    expect(store.value.requests.map(({ id }) => id)).toEqual(["a", "b"]);
    await one.setFilter({ outcome: "failed", provider: "azure" });
    expect(asked[1]).toEqual({ filter: { provider: "azure", outcomes: ["failed"] }, limit: 50 });
    await one.showMore();
    expect(asked[2]).toMatchObject({ limit: 100 });
  });

  it("shows more as often as there is more, beyond what the engine gives at once", async () => {
    const all = Array.from({ length: 1_120 }, (_, index) => record({ startedAt: NOON - index }));
    const { store, feed: one } = feed({
      queryRequests: async ({ before, limit }) => {
        const from = before ? all.findIndex(({ id }) => id === before.id) + 1 : 0;
        const requests = all.slice(from, from + Math.min(1_000, limit));
        const last = requests.at(-1);
        return last && last !== all.at(-1) ? { requests, next: last } : { requests };
      },
    });
    await one.refresh();
    for (let count = 50; count < all.length; count += 50) {
      expect(store.value.next).toBeDefined();
      expect(store.value.requests).toHaveLength(count);
      await one.showMore();
    }
    expect(store.value.requests).toEqual(all);
    expect(store.value.next).toBeUndefined();
  });

  it("shows the answer to the latest question, whichever comes first", async () => {
    const waiting: ((page: { requests: RequestRecord[] }) => void)[] = [];
    const { store, feed: one } = feed({
      queryRequests: () => new Promise((resolve) => waiting.push(resolve)),
    });
    const first = one.setFilter({ provider: "old" });
    const second = one.setFilter({ provider: "new" });
    waiting.shift()?.({ requests: [record({ id: "old" })] });
    while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
    waiting.shift()?.({ requests: [record({ id: "new" })] });
    await Promise.all([first, second]);
    expect(store.value).toMatchObject({ filter: { provider: "new" }, requests: [{ id: "new" }] });
  });

  it("keeps what it shows when the engine goes away, and says why", async () => {
    let fails = false;
    const { store, feed: one } = feed({
      queryRequests: async () => {
        if (fails) throw new Error("The engine went away before it answered.");
        return { requests: [record({ id: "kept" })] };
      },
    });
    await one.refresh();
    fails = true;
    await one.refresh();
    expect(store.value).toMatchObject({
      requests: [{ id: "kept" }],
      fault: "The engine went away before it answered.",
    });
    fails = false;
    await one.refresh();
    expect(store.value.fault).toBeUndefined();
  });
});
