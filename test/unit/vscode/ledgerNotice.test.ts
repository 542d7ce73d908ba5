import { beforeEach, expect, test, vi } from "vitest";
import type { LedgerNotice } from "../../../src/core/rpc/contract";
import { LedgerNotices } from "../../../src/vscode/ledger/ledgerNotice";
import { ready, state } from "./fixtures";

const shown = vi.hoisted(() => [] as string[]);
vi.mock("vscode", () => ({
  window: {
    showInformationMessage: () => {},
    showErrorMessage: () => {},
    showWarningMessage: async (text: string) => {
      shown.push(text);
    },
  },
}));

beforeEach(() => {
  shown.length = 0;
});

const full: LedgerNotice = { kind: "unwritable", message: "The ledger cannot be written.", since: 1 };

/** The engine: the first to ask is the one to tell. */
function claim(): (id: string) => Promise<boolean> {
  const claimed = new Set<string>();
  return async (id) => !claimed.has(id) && claimed.add(id).size > 0;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function told(...notices: LedgerNotice[]) {
  return state(ready({ ledger: { kept: "memory", unwritten: 0, lost: 0, notices } }));
}

test("what is wrong with the ledger is told once, to who is there, and again when it is wrong again", async () => {
  let focused = false;
  const notices = new LedgerNotices(() => focused, claim());
  notices.follow(told(full));
  expect(shown).toEqual([]);
  focused = true;
  notices.follow(told(full));
  notices.follow(told(full));
  await settled();
  expect(shown).toEqual([full.message]);
  notices.follow(told());
  notices.follow(told({ ...full, since: 2 }));
  await settled();
  expect(shown).toEqual([full.message, full.message]);
});

test("of several windows one tells it, though the person comes to each", async () => {
  const first = claim();
  for (const notices of [new LedgerNotices(() => true, first), new LedgerNotices(() => true, first)])
    notices.follow(told(full));
  await settled();
  expect(shown).toEqual([full.message]);
});

test("it is told after all where the engine that was asked has gone", async () => {
  const answers = [() => Promise.reject(new Error("gone")), async () => true];
  const notices = new LedgerNotices(
    () => true,
    async () => answers.shift()?.() ?? false,
  );
  notices.follow(told(full));
  await settled();
  notices.follow(told(full));
  await settled();
  expect(shown).toEqual([full.message]);
});

test("nothing is told where nothing is wrong, or nothing known", async () => {
  const notices = new LedgerNotices(() => true, claim());
  notices.follow(told());
  notices.follow(state(ready()));
  notices.follow(state({ kind: "idle" }));
  await settled();
  expect(shown).toEqual([]);
});
