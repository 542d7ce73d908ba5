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

function told(...notices: LedgerNotice[]) {
  return state(ready({ ledger: { kept: "memory", unwritten: 0, lost: 0, notices } }));
}

test("what is wrong with the ledger is told once, to who is there, and again when it is wrong again", () => {
  let focused = false;
  const notices = new LedgerNotices(() => focused);
  notices.follow(told(full));
  expect(shown).toEqual([]);
  focused = true;
  notices.follow(told(full));
  notices.follow(told(full));
  expect(shown).toEqual([full.message]);
  notices.follow(told());
  notices.follow(told({ ...full, since: 2 }));
  expect(shown).toEqual([full.message, full.message]);
});

test("nothing is told where nothing is wrong, or nothing known", () => {
  const notices = new LedgerNotices(() => true);
  notices.follow(told());
  notices.follow(state(ready()));
  notices.follow(state({ kind: "idle" }));
  expect(shown).toEqual([]);
});
