import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spliced } from "../../../src/core/json/splice";
import { decodeSpan, JsonSyntaxError, scanTopLevel } from "../../../src/core/json/topLevel";

const bytes = (text: string) => new TextEncoder().encode(text);

function positionOf(text: string): number {
  try {
    scanTopLevel(bytes(text));
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.offset;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

describe("scanTopLevel", () => {
  it("finds every member of any object, as JSON.parse reads it", () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(object, fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const raw = bytes(text);
        const { members, close } = scanTopLevel(raw);
        const parsed = JSON.parse(text) as Record<string, unknown>;
        expect([...members.keys()]).toEqual(
          Object.keys(JSON.parse(text.replaceAll('"__proto__"', '"proto"'))).map((key) =>
            key === "proto" ? "__proto__" : key,
          ),
        );
        for (const [key, span] of members)
          if (key !== "__proto__") expect(decodeSpan(raw, span)).toEqual(parsed[key]);
        expect(raw[close]).toBe("}".charCodeAt(0));
      }),
    );
  });

  it("agrees with JSON.parse on whether a mangled text is JSON, save for what stands inside strings", () => {
    const mangled = fc.tuple(
      fc.dictionary(
        fc.stringMatching(/^[a-z]{1,5}$/),
        fc.jsonValue({ stringUnit: fc.constantFrom("a", "b") }),
      ),
      fc.nat(),
      fc.constantFrom("", "{", "}", "[", "]", ",", ":", "1", "t", '"', " "),
    );
    fc.assert(
      fc.property(mangled, ([value, at, insert]) => {
        const text = JSON.stringify(value);
        const where = at % (text.length + 1);
        const broken = text.slice(0, where) + insert + text.slice(where + (insert === "" ? 1 : 0));
        let parsed: unknown;
        let valid = true;
        try {
          parsed = JSON.parse(broken);
        } catch {
          valid = false;
        }
        const isObject = valid && typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
        let accepted = true;
        let twice = false;
        try {
          scanTopLevel(bytes(broken));
        } catch (error) {
          accepted = false;
          twice = error instanceof Error && error.message.includes("twice");
        }
        if (!twice) expect(accepted).toBe(isObject);
      }),
      { numRuns: 3000 },
    );
  });

  it("never does anything but return or throw its own error on arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (raw) => {
        try {
          scanTopLevel(raw);
        } catch (error) {
          expect(error).toBeInstanceOf(JsonSyntaxError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['{"model": "x", ', 15],
    ["", 0],
    ["[1]", 0],
    ['{"a" 1}', 5],
    ['{"a":1 "b":2}', 7],
    ['{"a":tru}', 5],
    ['{"a":"x', 7],
    ['{"a":[1,2}', 9],
    ['{"a":1}x', 7],
    ['{"a":01}', 5],
  ])("says where %j breaks", (text, offset) => {
    expect(positionOf(text)).toBe(offset);
  });

  it("reads an escaped key as what it means, and refuses a key that stands twice", () => {
    expect([...scanTopLevel(bytes('{"mod\\u0065l":"a"}')).members.keys()]).toEqual(["model"]);
    expect(() => scanTopLevel(bytes('{"model":"a","mod\\u0065l":"b"}'))).toThrow("twice");
  });

  it("handles long strings with quotes and backslashes at their end", () => {
    const value = `${"x".repeat(5000)}\\"\\\\`;
    const text = JSON.stringify({ long: value, model: "m" });
    const raw = bytes(text);
    const span = scanTopLevel(raw).members.get("long");
    expect(span && decodeSpan(raw, span)).toBe(value);
  });

  it("refuses nesting that has no reason to be", () => {
    expect(() => scanTopLevel(bytes(`{"a":${"[".repeat(100_000)}`))).toThrow("nested too deeply");
  });
});

describe("spliced", () => {
  it("equals replacing in the text, for any splices", () => {
    const input = fc.tuple(
      fc.string({ unit: "binary-ascii", maxLength: 60 }),
      fc.array(fc.tuple(fc.nat(60), fc.nat(5), fc.string({ maxLength: 4 })), { maxLength: 4 }),
    );
    fc.assert(
      fc.property(input, ([text, cuts]) => {
        let free = 0;
        const splices = [...cuts]
          .sort((a, b) => a[0] - b[0])
          .flatMap(([start, length, replacement]) => {
            const end = Math.min(text.length, start + length);
            if (start < free || start > text.length || (start === free && free > 0)) return [];
            free = end;
            return [{ start, end, text: replacement }];
          });
        let expected = text;
        for (const { start, end, text: replacement } of [...splices].reverse())
          expected = expected.slice(0, start) + replacement + expected.slice(end);
        const result = Buffer.concat(spliced(bytes(text), splices)).toString("utf8");
        expect(result).toBe(expected);
      }),
    );
  });
});
