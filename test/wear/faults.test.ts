import { join } from "node:path";
import * as zlib from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, providerEntry, temporaryFolder } from "../support/gateway";
import { RawConnection } from "../support/rawConnection";
import { eventually, within } from "../support/waiting";
import { amount, soak } from "./support/amount";
import { BadProvider, type Fault, faults, slug } from "./support/badProvider";
import { BusyProvider } from "./support/busyProvider";
import { Client } from "./support/client";
import { faultsIn, outcomesIn } from "./support/ledgerFile";
import { WATCHED, Watch } from "./support/vitals";

const MB = 1024 * 1024;
const ROUNDS = amount(1, 20);
const PROTOCOLS = ["chat/completions", "messages"] as const;

const folder = temporaryFolder();
const dataDir = join(folder.path, "data");
let good: BusyProvider;
let bad: BadProvider;
let gateway: Gateway;
let watch: Watch;
/** Requests that were sent whole, each with a key and a model that is there. */
let sent = 0;

beforeAll(async () => {
  good = await BusyProvider.start();
  bad = await BadProvider.start();
  const timeouts = { firstByteSeconds: 1, betweenBytesSeconds: 1, totalSeconds: amount(30, 120) };
  gateway = await Gateway.start({
    providers: [
      providerEntry(good.url),
      ...faults.map((fault) => providerEntry(bad.url(fault), { id: slug(fault), timeouts })),
    ],
    dataDir,
    env: WATCHED,
  });
  watch = await Watch.of(gateway);
});

afterAll(async () => {
  // Why a gateway has died, if it has.
  const last = /^(?:postern failed|.*FATAL).*(?:\n {4}at .*)*/m.exec(gateway?.stderr ?? "")?.[0];
  if (last !== undefined) console.error(last);
  watch?.close();
  await gateway?.stop();
  await good?.stop();
  bad?.stop();
  folder.remove();
});

// A connection that its client keeps is nothing that the gateway holds.
const CLOSE = { connection: "close" };
const post = (path: string, content: unknown, headers = {}) =>
  gateway.post(path, content, { ...headers, ...CLOSE });
const get = (path: string) => gateway.fetch(path, { headers: CLOSE });

/** How a request to a faulty provider ended for its client. */
async function askBad(fault: Fault, path: string, stream: boolean): Promise<string> {
  sent += 1;
  const filler = fault === "answers before it was asked" ? "x".repeat(8 * MB) : "";
  const asked = {
    model: `${slug(fault)}/model-a`,
    stream,
    max_tokens: 5,
    messages: [{ role: "user", content: `hi${filler}` }],
  };
  const answer = await post(`/v1/${path}`, asked);
  let size = 0;
  let end = "";
  try {
    for await (const piece of answer.body ?? []) {
      size += piece.length;
      end = Buffer.from(piece).subarray(-300).toString();
    }
  } catch {
    return "broken off";
  }
  if (answer.status !== 200) return `told with ${answer.status}`;
  if (/event: error|"error"/.test(end)) return "told within the stream";
  return size > 0 ? "answered" : "empty";
}

/** What went well all the same, if read leniently. */
const HARMLESS = new Set<Fault>([
  "answers byte by byte",
  "sends a huge event",
  "sends more than it promised",
  "sends a bomb",
]);

describe("providers of every kind of wrong", () => {
  it("are told to their clients, hold nothing, and disturb nobody else", async () => {
    const ordinary = new Client(gateway.port, 10);
    const once = async (): Promise<void> => {
      let over = false;
      const asking = faults.flatMap((fault) =>
        PROTOCOLS.flatMap((path) =>
          [true, false].map(async (stream) => ({
            fault,
            path,
            stream,
            end: await askBad(fault, path, stream),
          })),
        ),
      );
      const others = (async () => {
        let count = 0;
        do {
          const answer = await ordinary.ask("answer").whole;
          expect(answer?.status).toBe(200);
          sent += 1;
          count += 1;
        } while (!over);
        return count;
      })();
      const ends = await Promise.all(asking);
      over = true;
      expect(await others).toBeGreaterThan(0);
      // No answer that is not whole is taken for one that is.
      const silent = ends.filter(
        ({ fault, end }) => end === "empty" || (end === "answered" && !HARMLESS.has(fault)),
      );
      expect(silent).toEqual([]);
    };
    await once();
    const before = await calmed();
    for (let round = 0; round < ROUNDS; round += 1) {
      await once();
      await eventually(
        async () => (await good.connections()) === 0,
        "the end of idle connections",
        60_000,
      ).catch(() => {});
      await watch.calm(before, 6 * MB);
    }
    ordinary.close();
  });
});

const head = (...lines: string[]) =>
  [
    `POST /v1/chat/completions HTTP/1.1`,
    `Host: 127.0.0.1:${gateway.port}`,
    `x-api-key: ${GATEWAY_KEY}`,
    ...lines,
    "",
    "",
  ].join("\r\n");
const body = (wish: string, more = "") =>
  JSON.stringify({ model: "fake/model-a", stream: wish !== "answer", messages: [], wish, more });

let made: [string, Buffer][] | undefined;
/** Compressed bodies that would take hundreds of megabytes, made once: making them is the slow part. */
function bombs(): [string, Buffer][] {
  const zeros = made ? undefined : Buffer.alloc(amount(80, 400) * MB);
  if (zeros) made = [["zstd", zlib.zstdCompressSync(zeros)]];
  if (zeros && soak) made?.push(["gzip", zlib.gzipSync(zeros)]);
  return made ?? [];
}

describe("clients of every kind of wrong", () => {
  /** Each leaves without having had an answer, but where it says so. */
  const clients: Record<string, () => Promise<void>> = {
    "vanishes at every point of its request": async () => {
      const text = head(`content-length: ${body("answer").length}`) + body("answer");
      const points = Array.from({ length: 20 }, (_, index) => Math.floor((index / 20) * text.length));
      await Promise.all(
        points.map(async (point) => {
          const connection = await RawConnection.open(gateway.port);
          connection.send(text.slice(0, point));
          if (point % 2 === 0) connection.socket.resetAndDestroy();
          else connection.close();
        }),
      );
    },
    "sends byte by byte, and is served": async () => {
      const text = head("connection: close", `content-length: ${body("answer").length}`) + body("answer");
      const connection = await RawConnection.open(gateway.port);
      for (const byte of text) {
        connection.send(byte);
        await new Promise((resolve) => setTimeout(resolve, amount(1, 50)));
      }
      expect(await connection.rest()).toMatch(/^HTTP\/1\.1 200 /);
      sent += 1;
    },
    "takes one piece of a stream and then nothing": async () => {
      const connection = await RawConnection.open(gateway.port);
      connection.send(head(`content-length: ${body("stream").length}`) + body("stream"));
      await connection.until(/some words/);
      connection.socket.pause();
      for (let event = 0; event < 200; event += 1) good.speak();
      connection.close();
      sent += 1;
    },
    "sends 64 MB and more": async () => {
      const connection = await RawConnection.open(gateway.port);
      connection.send(head("transfer-encoding: chunked"));
      const piece = Buffer.alloc(MB, 0x20);
      for (let megabyte = 0; megabyte < 66; megabyte += 1) {
        connection.send(`${MB.toString(16)}\r\n`);
        connection.send(piece);
        connection.send("\r\n");
      }
      await connection.until(/413 Payload/);
      connection.close();
    },
    "sends a bomb": async () => {
      for (const [encoding, bomb] of bombs()) {
        const answer = await post("/v1/chat/completions", bomb, { "content-encoding": encoding });
        expect([encoding, answer.status]).toEqual([encoding, 413]);
      }
    },
    "speaks no HTTP": async () => {
      const connection = await RawConnection.open(gateway.port);
      connection.send(Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 256)));
      await within(connection.closed, "the end of the connection");
    },
    "opens connections and says nothing": async () => {
      const connections = await Promise.all(
        Array.from({ length: 200 }, () => RawConnection.open(gateway.port)),
      );
      expect((await get("/v1/models")).status).toBe(200);
      for (const connection of connections) connection.close();
    },
    "asks ten times at once and leaves": async () => {
      const connection = await RawConnection.open(gateway.port);
      connection.send((head(`content-length: ${body("answer").length}`) + body("answer")).repeat(10));
      await connection.until(/HTTP\/1\.1 200/);
      connection.close();
    },
    "closes its half and still reads": async () => {
      const connection = await RawConnection.open(gateway.port);
      connection.send(head("connection: close", `content-length: ${body("answer").length}`) + body("answer"));
      connection.socket.end();
      await within(connection.closed, "the end of the connection");
    },
  };

  it.each(Object.keys(clients))("hold nothing and disturb nobody: one that %s", async (name) => {
    const play = clients[name] ?? (async () => {});
    await play();
    const before = await calmed();
    for (let round = 0; round < amount(1, 10); round += 1) await play();
    good.finish();
    expect((await post("/v1/chat/completions", body("answer"))).status).toBe(200);
    sent += 1;
    await watch.calm(before);
  });
});

it("and the ledger has each of their requests once", async () => {
  watch.close();
  await gateway.stop();
  const outcomes = outcomesIn(dataDir);
  expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(sent);
  expect(faultsIn(dataDir)).toEqual([]);
});

async function calmed() {
  await eventually(async () => (await good.connections()) === 0, "the end of idle connections", 60_000);
  return watch.vitals();
}
