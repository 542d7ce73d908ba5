import { expect, it } from "vitest";
import { BodyTap } from "../../../src/engine/relay/bodyTap";

const answer = '{"id":"a","model":"m","usage":{"prompt_tokens":7,"completion_tokens":2}}';

function tapped(...pieces: readonly string[]): BodyTap {
  const tap = new BodyTap("chat");
  for (const piece of pieces) tap.push(Buffer.from(piece));
  return tap;
}

it.each([
  ["in one piece", [answer]],
  ["in two", [answer.slice(0, 30), answer.slice(30)]],
  ["with a byte order mark", ["\uFEFF", answer]],
])("reads usage and model of an answer that comes %s", (_, pieces) => {
  const tap = tapped(...pieces);
  expect(tap.usage()).toEqual({ inputTokens: 7, outputTokens: 2 });
  expect(tap.model()).toBe("m");
});

it("reads again what has gone on since it was asked", () => {
  const tap = tapped(answer.slice(0, 30));
  expect(tap.usage()).toBeUndefined();
  tap.push(Buffer.from(answer.slice(30)));
  expect(tap.usage()).toEqual({ inputTokens: 7, outputTokens: 2 });
});

it.each(["not json", "[]", '"text"', ""])("finds nothing in %j", (text) => {
  expect(tapped(text).usage()).toBeUndefined();
  expect(tapped(text).model()).toBeUndefined();
});
