import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROTOCOL_VERSION, proofText } from "../../src/core/rpc/contract";
import {
  Engine,
  EngineClient,
  engineConfig,
  type Home,
  newHome,
  sign,
  startGateway,
} from "../support/engine";
import { within } from "../support/waiting";

let home: Home;
let engine: Engine;

beforeAll(() => {
  home = newHome();
  engine = new Engine(home);
});

afterAll(async () => {
  await engine?.end();
  home?.remove();
});

const hello = {
  protocolVersion: PROTOCOL_VERSION,
  version: "test",
  clientNonce: randomBytes(32).toString("hex"),
};

describe("the handshake", () => {
  it("lets in a window that knows the token, and proves to it that the engine does", async () => {
    const client = await EngineClient.open(home.pipePath);
    expect(await client.authenticate(home.token)).toMatchObject({
      protocolVersion: PROTOCOL_VERSION,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
    expect((await client.request("status", {})).pid).toBe(engine.process.pid);
    client.close();
  });

  it("gives nothing to a wrong token, and cuts it off", async () => {
    const client = await EngineClient.open(home.pipePath);
    const { serverNonce, proof } = await client.request("hello", hello);
    expect(proof).not.toContain(home.token);
    const wrong = sign(randomBytes(32).toString("hex"), proofText("window", hello.clientNonce, serverNonce));
    await expect(client.request("authenticate", { proof: wrong })).rejects.toThrow(/proof/);
    await within(client.closed, "the cut");
    expect(client.statuses).toEqual([]);
    expect(client.log).toEqual([]);
  });

  it("takes no proof of the engine's for a window's, and none twice", async () => {
    const client = await EngineClient.open(home.pipePath);
    const { proof } = await client.request("hello", hello);
    await expect(client.request("authenticate", { proof })).rejects.toThrow(/proof/);
    await within(client.closed, "the cut");
    const other = await EngineClient.open(home.pipePath);
    const first = await other.request("hello", hello);
    await other.request("hello", hello);
    const stale = sign(home.token, proofText("window", hello.clientNonce, first.serverNonce));
    await expect(other.request("authenticate", { proof: stale })).rejects.toThrow(/proof/);
    await within(other.closed, "the cut");
  });

  it.each([
    "configure",
    "startGateway",
    "stopGateway",
    "status",
    "testProvider",
    "refreshModels",
    "chatAccess",
    "queryRequests",
    "findRequest",
    "runningRequests",
    "totals",
    "breakdown",
    "drain",
  ] as const)("refuses %s to whom has not proved anything", async (method) => {
    const client = await EngineClient.open(home.pipePath);
    await expect(client.request(method, {} as never)).rejects.toThrow(/authenticate first/);
    await client.request("hello", hello);
    await expect(client.request(method, {} as never)).rejects.toThrow(/authenticate first/);
    client.close();
  });

  it("tells a stranger nothing of what happens, and cuts it off after a while", async () => {
    const stranger = await EngineClient.open(home.pipePath);
    await stranger.request("hello", hello);
    const client = await EngineClient.join(home);
    await startGateway(client, engineConfig("http://127.0.0.1:9"));
    await within(stranger.closed, "the cut");
    expect(stranger.statuses).toEqual([]);
    expect(stranger.log).toEqual([]);
    client.close();
  });

  it.each([
    ["a message without end", "Content-Length: 2000000000\r\n\r\n"],
    ["headers without end", "x"],
  ])("cuts off a stranger who sends %s at once, and holds nothing of it", async (_, begin) => {
    const stranger = await EngineClient.open(home.pipePath);
    const began = performance.now();
    stranger.socket.on("error", () => {});
    stranger.socket.write(begin);
    stranger.socket.write(Buffer.alloc(1_000_000, "x"));
    await within(stranger.closed, "the cut");
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  it("takes a message of any size from a window that has proved itself", async () => {
    const client = await EngineClient.join(home);
    const params = { provider: { config: { id: "x".repeat(1_000_000) } } };
    await expect(client.request("testProvider", params as never)).rejects.not.toThrow(/closed|disposed/);
    expect((await client.request("status", {})).pid).toBe(engine.process.pid);
    client.close();
  });

  it("survives rubbish on the pipe", async () => {
    for (const rubbish of [
      randomBytes(5000),
      Buffer.from("Content-Length: nonsense\r\n\r\n{}"),
      Buffer.from("Content-Length: 2\r\n\r\n[]"),
      Buffer.from("Content-Length: 9\r\n\r\n{not json"),
      Buffer.from('Content-Length: 52\r\n\r\n{"jsonrpc":"2.0","id":1,"method":"hello","params":7}'),
      Buffer.from(
        'Content-Length: 66\r\n\r\n{"jsonrpc":"2.0","id":1,"method":"authenticate","params":{"proof":7}}',
      ),
    ]) {
      const client = await EngineClient.open(home.pipePath);
      client.socket.write(rubbish);
      await new Promise((resolve) => setTimeout(resolve, 50));
      client.close();
    }
    const client = await EngineClient.join(home);
    expect((await client.request("status", {})).pid).toBe(engine.process.pid);
    client.close();
  });
});

describe("the boot line", () => {
  it.each([
    ["nothing", ""],
    ["an empty line", "\n"],
    ["no JSON", "token\n"],
    ["a token that is too short", '{"token":"secret-canary","pipePath":"/x","dataDir":"/y"}\n'],
    ["a field less", `{"token":"${"secret-canary".repeat(4)}"}\n`],
    ["too much", `${"secret-canary".repeat(10_000)}`],
  ])("%s: the engine ends with 1 and repeats nothing of it", async (_, line) => {
    const bad = new Engine(newHome(), line);
    expect((await within(bad.exited, "the engine's end")).code).toBe(1);
    expect(bad.stderr).toMatch(/^the engine failed: /);
    expect(bad.stderr).not.toContain("canary");
  });
});
