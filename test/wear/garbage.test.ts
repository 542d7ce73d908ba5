import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Gateway, providerEntry, temporaryFolder } from "../support/gateway";
import { eventually } from "../support/waiting";
import { BusyProvider } from "./support/busyProvider";
import { Client } from "./support/client";
import { WATCHED, Watch } from "./support/vitals";

const AT_ONCE = 4;
const STREAMS = 2_000;
const WARM = 8_000;
const REQUESTS = 2_000;
const ROUNDS = 6;
/** What a request may leave to the old generation: its row, until it is written; its whole graph has about 9 KB. */
const MOST_BYTES = 4_000;

const folder = temporaryFolder();
let provider: BusyProvider;
let gateway: Gateway;
let watch: Watch;

beforeAll(async () => {
  provider = await BusyProvider.start(60_000);
  gateway = await Gateway.start({
    providers: [providerEntry(provider.url)],
    gateway: { maxRunning: STREAMS + AT_ONCE },
    dataDir: join(folder.path, "data"),
    env: WATCHED,
  });
  watch = await Watch.of(gateway);
});

afterAll(async () => {
  watch?.close();
  await gateway?.stop();
  await provider?.stop();
  folder.remove();
});

async function requests(count: number): Promise<void> {
  const client = new Client(gateway.port, AT_ONCE);
  await client.times(count, AT_ONCE, async () => {
    const answer = await client.ask("answer").whole;
    if (answer?.status !== 200) throw new Error(`answered ${answer?.status} ${answer?.text}`);
  });
  client.close();
}

/** V8 learns from them that what requests are made of lives long. */
async function manyStreams(): Promise<void> {
  const client = new Client(gateway.port, STREAMS);
  const asked = Array.from({ length: STREAMS }, () => client.ask("stream"));
  await eventually(() => provider.streams === STREAMS, "the open streams", 60_000);
  provider.finish();
  await Promise.all(asked.map(({ whole }) => whole));
  client.close();
}

it("what a request leaves behind is collected young, and fills no old generation", async () => {
  await manyStreams();
  await requests(WARM);
  await watch.vitals();
  const grown: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = await watch.oldGeneration();
    await requests(REQUESTS);
    grown.push((await watch.oldGeneration()) - before);
  }
  // A full collection in between only takes away.
  console.log(`bytes that ${REQUESTS} requests left to the old generation: ${grown.join(", ")}`);
  expect(Math.max(...grown) / REQUESTS).toBeLessThan(MOST_BYTES);
});
