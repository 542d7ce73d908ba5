import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Gateway, providerEntry, temporaryFolder } from "../support/gateway";
import { eventually } from "../support/waiting";
import { BusyProvider } from "./support/busyProvider";
import { Client } from "./support/client";
import { faultsIn, outcomesIn } from "./support/ledgerFile";

const DAY_MS = 24 * 60 * 60_000;
const folder = temporaryFolder();
let provider: BusyProvider;
beforeAll(async () => {
  provider = await BusyProvider.start();
});
afterAll(async () => {
  await provider?.stop();
  folder.remove();
});

/** Loaded before the gateway: its clock is the machine's and what a file says, in milliseconds. */
function shiftedClock(file: string): string {
  const script = join(folder.path, "clock.cjs");
  writeFileSync(
    script,
    `const { readFileSync } = require("node:fs");
     const real = Date.now;
     Date.now = () => real() + Number(readFileSync(${JSON.stringify(file)}, "utf8"));
     const Given = Date;
     globalThis.Date = class extends Given { constructor(...given) { given.length ? super(...given) : super(Given.now()); } };`,
  );
  return script;
}

it.skipIf(process.platform === "win32")(
  "a clock that jumps, and a machine that sleeps, cost no request, no stream and no row",
  async () => {
    const file = join(folder.path, "shift");
    const jump = (milliseconds: number) => writeFileSync(file, String(milliseconds));
    jump(0);
    const dataDir = join(folder.path, "data");
    const gateway = await Gateway.start({
      providers: [providerEntry(provider.url)],
      gateway: { keys: [{ name: "test", key: "pk-test-gateway-key", requestsPerMinute: 100_000 }] },
      config: { budgets: [{ name: "month", scope: "all", usd: 100, period: "month" }] },
      dataDir,
      env: { NODE_OPTIONS: `--require ${shiftedClock(file)}` },
    });
    const client = new Client(gateway.port, 20);
    const ask = async () => expect((await client.ask("answer").whole)?.status).toBe(200);
    const stream = client.ask("stream");
    await stream.begun;
    await ask();
    const jumps = [-1 * DAY_MS, 40 * DAY_MS, -400 * DAY_MS, 3 * 365 * DAY_MS, 0, -3_600_000, 3_600_000, 0];
    for (const shift of jumps) {
      jump(shift);
      provider.speak();
      await Promise.all([1, 2, 3].map(ask));
      // Asleep: nothing runs, and then everything is late at once.
      gateway.process.kill("SIGSTOP");
      const late = [1, 2, 3].map(ask);
      provider.speak();
      await new Promise((resolve) => setTimeout(resolve, 300));
      gateway.process.kill("SIGCONT");
      await Promise.all(late);
    }
    provider.finish();
    expect((await stream.whole)?.text).toContain("[DONE]");
    client.close();
    const expected = 2 + jumps.length * 6;
    await eventually(() => outcomesIn(dataDir).answered === expected, "every row");
    expect(await gateway.stop()).toBe(0);
    expect(outcomesIn(dataDir)).toEqual({ answered: expected });
    expect(faultsIn(dataDir)).toEqual([]);
    const database = new DatabaseSync(join(dataDir, "ledger.sqlite"), { readOnly: true });
    const wrong = database
      .prepare(
        "SELECT count(*) AS count FROM requests WHERE duration_ms < 0 OR first_byte_ms < 0 OR duration_ms > 600000",
      )
      .get();
    const days = database
      .prepare("SELECT count(DISTINCT started_at / 86400000) AS count FROM requests")
      .get();
    database.close();
    // The clock did jump.
    expect(days?.count).toBeGreaterThanOrEqual(5);
    expect(wrong?.count).toBe(0);
    expect(gateway.stderr).not.toMatch(/error/);
  },
);
