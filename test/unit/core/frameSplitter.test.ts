import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeFrame } from "../../../src/core/sse/frame";
import { FrameSplitter } from "../../../src/core/sse/frameSplitter";

function cut(text: string, sizes: readonly number[]): Buffer[] {
  const whole = Buffer.from(text);
  const chunks: Buffer[] = [];
  let at = 0;
  for (let index = 0; at < whole.length; index += 1) {
    const size = Math.max(1, sizes[index % sizes.length] ?? 1);
    chunks.push(whole.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

function run(text: string, sizes: readonly number[], keep: (frame: string) => boolean = () => true) {
  const splitter = new FrameSplitter();
  const frames: string[] = [];
  const sent: Buffer[] = [];
  for (const chunk of cut(text, sizes)) {
    const pieces = splitter.push(chunk, (frame) => {
      const decoded = Buffer.from(frame).toString("utf8");
      frames.push(decoded);
      return keep(decoded);
    });
    sent.push(...pieces.map((piece) => Buffer.from(piece)));
  }
  return {
    frames,
    sent: Buffer.concat(sent).toString("utf8"),
    rest: Buffer.from(splitter.rest()).toString("utf8"),
  };
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
const frameLines = fc.array(fc.stringMatching(/^(data|event|id): ?[a-zäß€😀{}":]{0,30}$/u), {
  minLength: 1,
  maxLength: 4,
});

describe("FrameSplitter", () => {
  it("cuts any stream at its blank lines, whatever the chunks", () => {
    fc.assert(
      fc.property(
        fc.array(frameLines, { minLength: 1, maxLength: 8 }),
        lineEnd,
        sizes,
        (events, end, chunks) => {
          const frames = events.map((lines) => lines.map((line) => line + end).join("") + end);
          const text = frames.join("");
          // A CR at the very end could still become a CRLF, so that one may be held.
          const result = run(text, chunks);
          expect(result.sent + result.rest).toBe(text);
          if (end !== "\r") expect(result).toEqual({ frames, sent: text, rest: "" });
          else
            expect(result.frames.slice(0, frames.length - 1)).toEqual(
              frames.slice(0, result.frames.length).slice(0, frames.length - 1),
            );
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("holds an unfinished event back and gives it up as the rest", () => {
    const result = run('data: {"a":1}\n\ndata: {"b', [5]);
    expect(result).toEqual({ frames: ['data: {"a":1}\n\n'], sent: 'data: {"a":1}\n\n', rest: 'data: {"b' });
  });

  it("leaves out exactly the frames it is told to, whatever the chunks", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), sizes, (keeps, chunks) => {
        const frames = keeps.map((keep, index) => `data: ${keep ? "keep" : "drop"} ${index} ü\n\n`);
        const { sent } = run(frames.join(""), chunks, (frame) => frame.includes("keep"));
        expect(sent).toBe(frames.filter((frame) => frame.includes("keep")).join(""));
      }),
    );
  });

  it("passes an event on that is too large to hold, and says so until it has ended", () => {
    const splitter = new FrameSplitter();
    const part = Buffer.alloc(5 * 1024 * 1024, "x");
    let sent = 0;
    for (const chunk of [Buffer.from("data: "), part, part])
      for (const piece of splitter.push(chunk, () => true)) sent += piece.length;
    expect(splitter.hasSentPartOfFrame).toBe(true);
    for (const piece of splitter.push(Buffer.from("\n\n"), () => true)) sent += piece.length;
    expect(splitter.hasSentPartOfFrame).toBe(false);
    expect(sent).toBe(6 + 2 * part.length + 2);
  });
});

describe("decodeFrame", () => {
  it.each([
    ["event: a\ndata: 1\n\n", { event: "a", data: "1" }],
    ["event:a\r\ndata:1\r\ndata: 2\r\n\r\n", { event: "a", data: "1\n2" }],
    [": comment\n\n", { event: "", data: "" }],
    ["data\n\n", { event: "", data: "" }],
    ["data:  two spaces\n\n", { event: "", data: " two spaces" }],
  ])("%j", (text, frame) => {
    expect(decodeFrame(Buffer.from(text))).toEqual(frame);
  });
});
