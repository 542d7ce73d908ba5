import { afterAll, describe, expect, it } from "vitest";
import type { WireProtocol } from "../../../src/core/protocols/wire";
import { FrameSplitter } from "../../../src/core/sse/frameSplitter";
import { ProviderAnswerError, translateResponse } from "../../../src/core/translation";
import { ownStream, ownStreams, type Recording, sharedRecordings } from "./support/recordings";
import { fixedSurroundings, PLAIN_CONTEXT, translateStream } from "./support/translate";
import { readStream, type View, viewOf } from "./support/views";
import { inspectStream } from "./support/wellFormed";

/**
 * Every recorded stream in all directions: what a client's official SDK makes of the translation is what the
 * provider's own SDK makes of the recording.
 */
const PROTOCOLS: readonly WireProtocol[] = ["chat", "responses", "messages"];
const shared = sharedRecordings("stream");
if (!shared)
  console.log("No shared recordings (POSTERN_FIXTURES): the matrix runs on the repository's own alone.");

const matrix = new Map<string, { passed: number; total: number }>();
function count(from: WireProtocol, to: WireProtocol, check: () => void): void {
  const key = `${from} → ${to}`;
  const cell = matrix.get(key) ?? { passed: 0, total: 0 };
  matrix.set(key, cell);
  cell.total += 1;
  check();
  cell.passed += 1;
}
afterAll(() => {
  const width = 22;
  console.log(`provider → client${" ".repeat(width - 17)}passed/total`);
  for (const [key, { passed, total }] of [...matrix].sort())
    console.log(`${key.padEnd(width)}${passed}/${total}`);
});

/**
 * What of a recording can be held to: all of it, that it ends as an error, or (where the recording itself is odd)
 * that the client gets a well-formed end.
 */
async function expectation(recording: Recording): Promise<View | "error" | "any end"> {
  const { features, protocol, bytes } = recording;
  if (features.includes("error")) return "error";
  if (features.includes("unterminated")) return bytes.includes("[DONE]") ? "any end" : "error";
  if (features.includes("malformed") || features.includes("prefilled-start")) return "any end";
  try {
    return await readStream(protocol, bytes);
  } catch {
    return "any end";
  }
}

/** Reasons that one protocol has and another has not. */
function sameStop(provider: View, client: View): boolean {
  if (provider.stop === client.stop || provider.stop === "other") return true;
  // A server says `stop` with a call; `tool_calls` without one.
  return provider.tools.length > 0
    ? client.stop === "tools"
    : client.stop === "stop" || client.stop === "filter";
}

function expectSame(recording: Recording, provider: View, client: View): void {
  const squash = (text: string) => text.replace(/\s+/g, "");
  expect(squash(client.text)).toBe(squash(provider.text));
  // A summary of the reasoning is as good as the reasoning where the provider gives both.
  if (squash(client.reasoning) !== squash(provider.reasoning)) {
    expect(recording.bytes.toString()).toMatch(/reasoning_summary_text/);
  }
  expect(client.tools).toEqual(provider.tools);
  expect(sameStop(provider, client), `${provider.stop} → ${client.stop}`).toBe(true);
  const told = provider.usage && provider.usage.cached <= provider.usage.input ? provider.usage : undefined;
  if (told && told.input + told.output > 0) expect(client.usage).toEqual(told);
}

/** Recordings whose deltas and whose last word on the text differ: no stream can take back what it has written. */
const CONTRADICTS_ITSELF = ["openai-shell-container"];

const all = [...ownStreams(), ...(shared ?? [])].filter(
  ({ name }) => !CONTRADICTS_ITSELF.some((part) => name.includes(part)),
);

describe.each(PROTOCOLS)("streams of a %s provider", (from) => {
  const recordings = all.filter(({ protocol }) => protocol === from);

  it("come to a client of the same protocol byte for byte", () => {
    for (const { bytes } of recordings) {
      count(from, from, () => {
        const splitter = new FrameSplitter();
        const out: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += 57) {
          out.push(...splitter.push(bytes.subarray(at, at + 57), () => true));
        }
        expect(Buffer.concat([...out, splitter.rest()]).equals(bytes)).toBe(true);
      });
    }
  });

  it.each(PROTOCOLS.filter((to) => to !== from))("say the same to a client of %s", async (to) => {
    for (const recording of recordings) {
      const wanted = await expectation(recording);
      const { text } = translateStream(from, to, [recording.bytes]);
      const { faults, ending } = inspectStream(to, text);
      const seen = wanted !== "error" && wanted !== "any end" ? await readStream(to, text) : undefined;
      count(from, to, () => {
        expect(faults, recording.name).toEqual([]);
        if (wanted === "error") expect(ending, recording.name).toBe("error");
        else if (wanted === "any end") expect(ending, recording.name).not.toBe("none");
        else if (seen) expectSame(recording, wanted, seen);
      });
    }
  });

  it("read the same however they are cut into pieces", () => {
    for (const { bytes, name } of recordings.filter(({ bytes }) => bytes.length < 20_000)) {
      for (const to of PROTOCOLS.filter((protocol) => protocol !== from)) {
        const whole = translateStream(from, to, [bytes]).text;
        const single = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
        expect(translateStream(from, to, single).text === whole, `${name}, byte by byte`).toBe(true);
        const crlf = Buffer.from(bytes.toString("latin1").replace(/\n/g, "\r\n"), "latin1");
        const pieces = Array.from({ length: Math.ceil(crlf.length / 7) }, (_, index) =>
          crlf.subarray(index * 7, index * 7 + 7),
        );
        expect(translateStream(from, to, pieces).text === whole, `${name}, CRLF`).toBe(true);
      }
    }
  });
});

describe("a stream that is cut", () => {
  /** The last event that makes an answer whole. */
  const END: Record<WireProtocol, RegExp> = {
    chat: /"finish_reason": ?"|\[DONE\]/,
    responses: /"type": ?"response\.(completed|incomplete|failed)"/,
    messages: /"type": ?"message_stop"/,
  };
  it.each(PROTOCOLS)("of a %s provider ends as an error after any event, for every client", (from) => {
    for (const { bytes, name } of ownStreams().filter(({ protocol }) => protocol === from)) {
      const frames = bytes.toString("utf8").split(/(?<=\n\n)/);
      const end = frames.findIndex((frame) => END[from].test(frame));
      expect(end, name).toBeGreaterThan(0);
      for (let length = 0; length <= end; length++) {
        for (const to of PROTOCOLS.filter((protocol) => protocol !== from)) {
          for (const broken of [true, false]) {
            const { text, translator } = translateStream(from, to, frames.slice(0, length), { broken });
            const { faults, ending } = inspectStream(to, text);
            expect(ending, `${name} after ${length} for ${to}`).toBe("error");
            expect(faults).toEqual([]);
            expect(translator.finished()).toBe(true);
            if (length === 0) expect(translator.failedBeforeContent()?.status).toBe(502);
          }
        }
      }
    }
  });
});

describe("whole answers", () => {
  const recordings = sharedRecordings("json") ?? [];
  it.each(PROTOCOLS)("of a %s provider say the same to every client", (from) => {
    const own =
      from === "responses"
        ? ["responses-text.json", "responses-reasoning-tools.json", "responses-length.json"]
        : [];
    const list: Pick<Recording, "name" | "bytes" | "features">[] = [
      ...own.map((name) => ({ name, bytes: ownStream(name), features: [] })),
      ...recordings.filter(({ protocol }) => protocol === from),
    ];
    for (const { name, bytes, features } of list) {
      const body = JSON.parse(bytes.toString("utf8"));
      const unfinished = body.status === "in_progress" || body.status === "queued";
      for (const to of PROTOCOLS.filter((protocol) => protocol !== from)) {
        const translate = () =>
          translateResponse({ from, to, body, context: PLAIN_CONTEXT, ...fixedSurroundings() });
        if (features.includes("error") || unfinished) {
          expect(translate, name).toThrow(ProviderAnswerError);
          continue;
        }
        const view = viewOf[to](JSON.parse(translate().body));
        expectSame({ name, protocol: from, bytes, features }, viewOf[from](body), view);
      }
    }
  });
});
