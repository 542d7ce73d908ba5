import { expect, test } from "vitest";
import { commandWords } from "../../../src/core/credentials/commandWords";

test.each([
  ["az account get-access-token", ["az", "account", "get-access-token"]],
  [' op  read "op://my vault/key" ', ["op", "read", "op://my vault/key"]],
  ["security find-generic-password -s 'a b'c -w", ["security", "find-generic-password", "-s", "a bc", "-w"]],
  ["C:\\Tools\\op.exe read x", ["C:\\Tools\\op.exe", "read", "x"]],
  ['run "a|b"', ["run", "a|b"]],
])("%s is read word by word", (text, words) => {
  expect(commandWords(text)).toEqual({ ok: true, words });
});

test.each(["", "  ", "az | jq", "a && b", "echo $KEY", "a > b", "echo `id`", 'a "b', "a ''"])(
  "%j is refused: nobody would read it as it is meant",
  (text) => {
    expect(commandWords(text).ok).toBe(false);
  },
);
