import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Gateway, providerEntry, temporaryFolder } from "../support/gateway";
import { eventually } from "../support/waiting";
import { amount } from "./support/amount";
import { BusyProvider } from "./support/busyProvider";
import { Client } from "./support/client";

let provider: BusyProvider;
beforeAll(async () => {
  provider = await BusyProvider.start();
});
afterAll(() => provider?.stop());

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** A program that runs the gateway within limits; it stands in place of Node. */
function limited(name: string, commands: string, prefix = ""): string {
  const file = join(folder.path, name);
  writeFileSync(file, `#!/bin/sh\n${commands}\nexec ${prefix} "${process.execPath}" "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

async function served(gateway: Gateway, count: number): Promise<void> {
  const client = new Client(gateway.port, 20);
  await client.times(count, 20, async () => {
    expect((await client.ask("answer").whole)?.status).toBe(200);
  });
  client.close();
}

describe.skipIf(process.platform === "win32")("requests go on, and the person is told", () => {
  it("where the disk is full", async () => {
    // Files may not grow beyond 64 KB: the system refuses writes as it does on a full disk.
    const node = limited("full.sh", "trap '' XFSZ\nulimit -f 128");
    const dataDir = join(folder.path, "full");
    const gateway = await Gateway.start({ providers: [providerEntry(provider.url)], dataDir, node });
    try {
      await served(gateway, amount(1_500, 20_000));
      await eventually(() => gateway.stderr.includes("The ledger cannot be written"), "the notice");
      await served(gateway, 300);
      expect(gateway.stderr.match(/The ledger cannot be written/g)).toHaveLength(1);
      expect(gateway.stderr).toContain("requests go on");
    } finally {
      expect(await gateway.stop()).toBe(0);
    }
  });

  it("where the data folder is read-only", async () => {
    const dataDir = join(folder.path, "readonly");
    mkdirSync(dataDir);
    chmodSync(dataDir, 0o555);
    // Root may write everywhere, unless it gives that up.
    const giveUp = process.getuid?.() === 0 ? "setpriv --bounding-set=-dac_override" : "";
    const node = limited("humble.sh", "", giveUp);
    const gateway = await Gateway.start({ providers: [providerEntry(provider.url)], dataDir, node });
    try {
      await served(gateway, 300);
      expect(gateway.stderr).toMatch(/The ledger cannot be written .*requests go on.*readonly/);
    } finally {
      expect(await gateway.stop()).toBe(0);
      chmodSync(dataDir, 0o755);
    }
  });

  it("where there are hardly any file descriptors left, and it recovers", async () => {
    const node = limited("few.sh", "ulimit -n 60");
    const gateway = await Gateway.start({ providers: [providerEntry(provider.url)], node });
    try {
      const client = new Client(gateway.port, 200);
      const ends = await Promise.all(
        Array.from({ length: 200 }, () => Promise.race([client.ask("answer").whole, later()])),
      );
      // Who comes in finds no descriptor left for the way to a provider, is told so, and may come again.
      const statuses = new Set(ends.map((end) => (end === "later" ? end : end?.status)));
      for (const status of statuses) expect([200, 502, 503, "later", undefined]).toContain(status);
      expect(statuses).toContain(502);
      client.close();
      await eventually(async () => {
        const answer = await gateway.fetch("/v1/models").catch(() => undefined);
        return answer?.status === 200;
      }, "the next answer");
      for (let round = 0; round < 20; round += 1)
        expect(
          (await gateway.post("/v1/chat/completions", '{"model":"model-a","wish":"answer"}')).status,
        ).toBe(200);
    } finally {
      expect(await gateway.stop()).toBe(0);
    }
  });
});

const later = () => new Promise<"later">((resolve) => setTimeout(() => resolve("later"), 5_000));
