import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Gateway, providerEntry } from "../support/gateway";
import {
  cutInto,
  foreignRecordings,
  ownRecordings,
  PATH,
  type Protocol,
  type Recording,
} from "../support/recordings";
import { json, type Player, ReplayProvider, writeAll } from "../support/replayProvider";

let provider: ReplayProvider;
let gateway: Gateway;

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  gateway = await Gateway.start({
    providers: [
      providerEntry(provider.url, { id: "chat", models: [{ id: "m" }] }),
      providerEntry(provider.url, { id: "responses", wireApi: "responses", models: [{ id: "m" }] }),
      providerEntry(provider.url, { id: "messages", type: "anthropic", models: [{ id: "m" }] }),
    ],
  });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

type Cut = Parameters<typeof cutInto>[1];

function play({ status, contentType, bytes }: Recording, cut: Cut): Player {
  return async ({ response, body }) => {
    await body;
    response.writeHead(status, { "content-type": contentType });
    await writeAll(response, cutInto(bytes, cut));
    response.end();
  };
}

/** What a client gets that had asked for usage itself, so that nothing may be left out. */
async function relayed({ protocol, kind }: Pick<Recording, "protocol" | "kind">, askUsage = true) {
  const answer = await gateway.post(PATH[protocol], {
    model: `${protocol}/m`,
    ...(kind === "stream" ? { stream: true } : {}),
    ...(kind === "stream" && protocol === "chat" && askUsage
      ? { stream_options: { include_usage: true } }
      : {}),
  });
  return {
    status: answer.status,
    type: answer.headers.get("content-type"),
    bytes: Buffer.from(await answer.arrayBuffer()),
  };
}

/** A stream that never ended in its own protocol gets an error event behind it; the rest must be the same. */
function expectSame(got: Buffer, recorded: Buffer, mayAddError: boolean) {
  const common = mayAddError ? got.subarray(0, recorded.length) : got;
  const same = common.equals(recorded);
  if (!same) expect(common.toString()).toBe(recorded.toString());
  const added = got.subarray(common.length).toString();
  if (added !== "") expect(added).toMatch(/"(error|response\.failed)"/);
}

describe("our own recordings pass to the byte", () => {
  const cuts: Cut[] = ["whole", "bytes", 1, 2, 3];
  it.each(ownRecordings().flatMap((one) => cuts.map((cut) => [one.name, cut, one] as const)))(
    "%s, cut into %s",
    async (_, cut, one) => {
      provider.play = play(one, cut);
      const got = await relayed(one);
      expect([got.status, got.type]).toEqual([one.status, one.contentType]);
      expectSame(got.bytes, one.bytes, false);
    },
  );

  it.each(
    ownRecordings()
      .filter(({ kind }) => kind === "stream")
      .flatMap((one) => (["whole", "bytes", 4] as Cut[]).map((cut) => [one.name, cut, one] as const)),
  )("%s with CRLF, cut into %s", async (_, cut, one) => {
    const bytes = Buffer.from(one.bytes.toString().replaceAll("\n", "\r\n"));
    provider.play = play({ ...one, bytes }, cut);
    expectSame((await relayed(one)).bytes, bytes, false);
  });

  it.each(
    ["chat-text.sse", "chat-tools.sse"].flatMap((name) =>
      (["whole", "bytes", 5] as Cut[]).map((cut) => [name, cut] as const),
    ),
  )("%s, cut into %s, without the usage chunk where it was not asked for", async (name, cut) => {
    const one = ownRecordings().find((own) => own.name === name) as Recording;
    provider.play = play(one, cut);
    const frames = one.bytes.toString().split(/(?<=\n\n)/);
    const expected = frames.filter((frame) => !/"choices": ?\[ ?\],"usage"/.test(frame)).join("");
    expect(expected.length).toBeLessThan(one.bytes.length);
    expect((await relayed(one, false)).bytes.toString()).toBe(expected);
  });
});

const recordings = foreignRecordings();

// They are no part of the project: without them there is nothing here to run, and foreignRecordings says so.
if (recordings.length > 0)
  describe("recordings of real providers pass to the byte", () => {
    const groups = (["chat", "responses", "messages"] as Protocol[]).flatMap((protocol) =>
      (["stream", "json"] as const).map((kind) => [protocol, kind] as const),
    );

    it.each(groups)("%s, %s", { timeout: 120_000 }, async (protocol, kind) => {
      const some = recordings.filter(
        (one) => one.protocol === protocol && one.kind === kind && one.bytes.length > 0,
      );
      expect(some.length).toBeGreaterThan(20);
      for (const one of some) {
        const seed = createHash("sha256").update(one.name).digest().readUInt16LE();
        for (const cut of ["whole", seed] as Cut[]) {
          provider.play = play(one, one.bytes.length > 100_000 ? "whole" : cut);
          const got = await relayed(one);
          expect([one.name, got.status]).toEqual([one.name, one.status]);
          expectSame(got.bytes, one.bytes, kind === "stream");
        }
      }
    });
  });
