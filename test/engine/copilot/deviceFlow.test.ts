import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deviceFlow } from "../../../src/engine/copilot/deviceFlow";
import { runCli } from "../../support/gateway";

let server: Server;
let url: string;
let answers: (object | "broken" | "not JSON")[];
let asked: { path: string; body: Record<string, string> }[];
const BEGUN = {
  device_code: "d1",
  user_code: "ABCD-1234",
  verification_uri: "https://example.com/device",
  interval: 0,
};

beforeEach(async () => {
  asked = [];
  answers = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    asked.push({ path: request.url ?? "", body: JSON.parse(Buffer.concat(chunks).toString()) });
    const next = answers.shift() ?? { error: "expired_token", error_description: "It has expired." };
    if (next === "broken") response.destroy();
    else response.end(typeof next === "string" ? next : JSON.stringify(next));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => void server.close());

describe("signing in on a machine without a browser", () => {
  it("tells the code, asks as slowly as it is told to, and hands the token back", async () => {
    const waits: number[] = [];
    const told: string[] = [];
    answers = [
      { ...BEGUN, interval: 5 },
      { error: "authorization_pending" },
      { error: "slow_down", interval: 10 },
      { access_token: "gho_new" },
    ];
    const options = { clientId: "own", baseUrl: url, tell: (line: string) => told.push(line) };
    const token = await deviceFlow({
      ...options,
      wait: async (milliseconds) => void waits.push(milliseconds),
    });
    expect(token).toBe("gho_new");
    expect(told).toEqual(["Open https://example.com/device in a browser and enter ABCD-1234"]);
    expect(waits).toEqual([5000, 5000, 10_000]);
    expect(asked[0]).toEqual({ path: "/login/device/code", body: { client_id: "own", scope: "read:user" } });
    expect(asked[1]?.body).toMatchObject({ client_id: "own", device_code: "d1" });
  });

  it("goes on where the network or GitHub fails for a moment: the person may have entered the code", async () => {
    answers = [BEGUN, "broken", "not JSON", { access_token: "gho_new" }];
    const options = { clientId: "own", baseUrl: url, tell: () => {}, wait: async () => {} };
    expect(await deviceFlow(options)).toBe("gho_new");
  });

  it("prints the token alone on the command line, and says why there is none", async () => {
    answers = [{ ...BEGUN, interval: 0.01 }, { access_token: "gho_new" }];
    const args = ["login", "github", "--client-id", "own", "--github", url];
    const good = await runCli(args);
    expect(good).toMatchObject({ code: 0, stdout: "gho_new\n" });
    expect(good.stderr).toContain("ABCD-1234");
    answers = [{ ...BEGUN, interval: 0.01 }];
    const late = await runCli(args);
    expect(late.code).toBe(1);
    expect(late.stderr).toContain("It has expired");
    expect((await runCli(["login", "github"])).code).toBe(2);
  });
});
