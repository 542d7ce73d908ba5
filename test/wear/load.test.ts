import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Gateway, providerEntry, temporaryFolder } from "../support/gateway";
import { eventually } from "../support/waiting";
import { amount } from "./support/amount";
import { BusyProvider } from "./support/busyProvider";
import { Client } from "./support/client";
import { faultsIn, outcomesIn } from "./support/ledgerFile";
import { used, type Vitals, WATCHED, Watch } from "./support/vitals";

const ROUNDS = 4;
const STREAMS = amount(200, 2_000);
const SHORT = amount(2_000, 100_000);
const ABORTED = amount(300, 10_000);
const AT_ONCE = 50;
const MB = 1024 * 1024;

const folder = temporaryFolder();
const dataDir = join(folder.path, "data");
let provider: BusyProvider;
let gateway: Gateway;
let watch: Watch;
let answered = 0;
let left = 0;
let refused = 0;

beforeAll(async () => {
  provider = await BusyProvider.start();
  gateway = await Gateway.start({
    providers: [providerEntry(provider.url)],
    gateway: { maxRunning: STREAMS + AT_ONCE },
    dataDir,
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

async function streams(count: number): Promise<void> {
  const client = new Client(gateway.port, count);
  const asked = Array.from({ length: count }, () => client.ask("stream"));
  await eventually(() => provider.streams === count, `${count} open streams`, 120_000);
  for (const _ of [1, 2, 3]) provider.speak();
  provider.finish();
  const answers = await Promise.all(asked.map(({ whole }) => whole));
  expect(answers.every((answer) => answer?.status === 200 && answer.text.endsWith("[DONE]\n\n"))).toBe(true);
  answered += count;
  client.close();
}

async function requests(count: number): Promise<void> {
  const client = new Client(gateway.port, AT_ONCE);
  await client.times(count, AT_ONCE, async (index) => {
    // Now and then one that is refused before a provider is asked.
    const model = index % 100 === 99 ? "no-such-model" : "model-a";
    const answer = await client.ask("answer", {}, model).whole;
    if (answer?.status === 200) answered += 1;
    else if (answer?.status === 404) refused += 1;
    else throw new Error(`answered ${answer?.status} ${answer?.text}`);
  });
  client.close();
}

async function aborted(count: number): Promise<void> {
  const client = new Client(gateway.port, AT_ONCE);
  await client.times(count, AT_ONCE, async (index) => {
    const note = `${left}-${index}`;
    const arrived = provider.arrival(note);
    const { request, begun } = client.ask(index % 2 === 0 ? "silence" : "half", { note });
    await arrived;
    if (index % 2 === 1) await begun;
    request.destroy();
  });
  left += count;
  client.close();
}

describe("wear", () => {
  it("leaves nothing behind: memory and handles as before, every request accounted for once", async () => {
    await streams(20);
    await requests(200);
    await aborted(20);
    const before = await settled();
    const after: Vitals[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await streams(STREAMS);
      await requests(SHORT / ROUNDS);
      await aborted(ABORTED / ROUNDS);
      after.push(await watch.calm(before));
    }
    const bytes = after.map(used);
    const [firstHalf, secondHalf] = [bytes.slice(0, ROUNDS / 2), bytes.slice(ROUNDS / 2)];
    // What caches hold is full after the first half; what leaks goes on growing.
    expect(Math.min(...secondHalf), `bytes after each round: ${bytes}`).toBeLessThan(
      Math.max(...firstHalf) + 3 * MB,
    );
    console.log(`bytes in use after each round: ${bytes.join(", ")}`);
    expect(await (await gateway.fetch("/v1/models")).text()).toContain("model-a");
    // A process whose inspector is listened to does not end.
    watch.close();
    await gateway.stop();
    expect(provider.left).toBe(left);
    expect(provider.asked).toBe(answered + left);
    expect(outcomesIn(dataDir)).toEqual({ answered, clientLeft: left, refused });
    expect(faultsIn(dataDir)).toEqual([]);
  });
});

/** The vitals with the connections of the first requests gone. */
async function settled(): Promise<Vitals> {
  await eventually(async () => (await provider.connections()) === 0, "the end of idle connections", 60_000);
  return watch.vitals();
}
