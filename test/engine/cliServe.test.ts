import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, providerEntry, runCli, temporaryFolder } from "../support/gateway";
import { RawConnection } from "../support/rawConnection";
import { recording } from "../support/recordings";
import { json, ReplayProvider } from "../support/replayProvider";
import { eventually, within } from "../support/waiting";

let provider: ReplayProvider;
beforeAll(async () => {
  provider = await ReplayProvider.start(json(recording("chat.json").toString()));
});
afterAll(() => provider?.stop());

const start = () => Gateway.start({ providers: [providerEntry(provider.url)] });
const streaming = '{"model":"model-a","stream":true,"stream_options":{"include_usage":true}}';

describe("serve", () => {
  it("prints exactly one line on standard output, whatever happens", async () => {
    const gateway = await start();
    await gateway.post("/v1/chat/completions", '{"model":"model-a"}');
    await gateway.post("/v1/chat/completions", "nonsense");
    await gateway.fetch("/nowhere", { headers: { authorization: "Bearer wrong" } });
    expect(await gateway.stop()).toBe(0);
    expect(gateway.stdout).toMatch(/^\{[^\n]*\}\n$/);
    expect(JSON.parse(gateway.stdout)).toEqual({
      event: "listening",
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
  });

  it("says so when the port is taken, and exits 1", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const folder = temporaryFolder();
    const file = join(folder.path, "postern.json");
    writeFileSync(file, JSON.stringify({ gateway: { port } }));
    const { code, stdout, stderr } = await runCli(["serve", "--config", file]);
    other.close();
    folder.remove();
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`Port ${port} on 127.0.0.1 is used by another program`);
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "on %s finishes what runs, takes nothing new, and exits 0",
    async (signal) => {
      const frames = recording("chat-text.sse")
        .toString()
        .split(/(?<=\n\n)/);
      let goOn = () => {};
      provider.play = async ({ response, body }) => {
        await body;
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(frames[0]);
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
        response.end(frames.slice(1).join(""));
      };
      const gateway = await start();
      const answer = await gateway.post("/v1/chat/completions", streaming);
      gateway.process.kill(signal);
      await eventually(
        () =>
          fetch(`${gateway.url}/health`).then(
            () => false,
            () => true,
          ),
        "the closed port",
      );
      goOn();
      expect(await answer.text()).toBe(frames.join(""));
      expect(await within(gateway.exited, "the end")).toBe(0);
      provider.play = json(recording("chat.json").toString());
    },
  );

  it("on SIGTERM lets a client that reads slowly have its answer to the end", async () => {
    const size = 30 * 1024 * 1024;
    provider.play = json(`{"id":"${"x".repeat(size)}"}`);
    const gateway = await start();
    const connection = await RawConnection.open(gateway.port);
    connection.socket.pause();
    const body = '{"model":"model-a"}';
    const arrived = provider.next();
    connection.send(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nx-api-key: ${GATEWAY_KEY}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await arrived;
    gateway.process.kill("SIGTERM");
    // Read in small sips, so that the last of it is still in the gateway when the provider has long said all.
    connection.socket.removeAllListeners("data");
    let text = "";
    connection.socket.on("data", (piece: string) => {
      text += piece;
      connection.socket.pause();
      setTimeout(() => connection.socket.resume(), 1);
    });
    connection.socket.resume();
    await within(connection.closed, "the end of the connection");
    expect(text.endsWith('x"}\r\n0\r\n\r\n')).toBe(true);
    expect(await within(gateway.exited, "the end")).toBe(0);
    provider.play = json(recording("chat.json").toString());
  });

  it("while it drains, a connection that is still open is closed rather than told lies", async () => {
    let goOn = () => {};
    provider.play = async ({ response }) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write("{");
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      response.end("}");
    };
    const gateway = await start();
    const request = (note: string) => {
      const body = `{"model":"model-a","note":"${note}"}`;
      return `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nx-api-key: ${GATEWAY_KEY}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    };
    const kept = await RawConnection.open(gateway.port);
    const other = await RawConnection.open(gateway.port);
    kept.send(request("kept"));
    await kept.until(/\{/);
    const releaseKept = goOn;
    other.send(request("other"));
    await other.until(/\{/);
    gateway.process.kill("SIGTERM");
    await eventually(
      () =>
        fetch(`${gateway.url}/health`).then(
          () => false,
          () => true,
        ),
      "the closed port",
    );
    const asked = provider.requests.length;
    releaseKept();
    await kept.until(/0\r\n\r\n/);
    kept.send(request("late"));
    const rest = await kept.rest();
    expect(rest).not.toContain("HTTP/1.1 403");
    expect(provider.requests.length).toBe(asked);
    goOn();
    await other.rest();
    expect(await within(gateway.exited, "the end")).toBe(0);
    provider.play = json(recording("chat.json").toString());
  });

  it("goes on when nobody reads its log any more", async () => {
    const gateway = await start();
    gateway.process.stderr?.destroy();
    provider.play = ({ socket }) => socket.destroy();
    for (let round = 0; round < 3; round += 1)
      expect((await gateway.post("/v1/chat/completions", '{"model":"model-a"}')).status).toBe(502);
    provider.play = json(recording("chat.json").toString());
    expect((await gateway.post("/v1/chat/completions", '{"model":"model-a"}')).status).toBe(200);
    expect(await gateway.stop()).toBe(0);
  });

  it("also runs under the machine's own Node, where that is another", async () => {
    const path = process.platform === "win32" ? "node.exe" : "node";
    let version = "";
    try {
      version = execFileSync(path, ["--version"], { encoding: "utf8" }).trim();
    } catch {}
    if (!/^v(2[0-9]|[3-9]\d)\./.test(version))
      return console.log(`No Node of its own on this machine (${version}).`);
    const gateway = await Gateway.start({ providers: [providerEntry(provider.url)], node: path });
    provider.play = json(recording("chat.json").toString());
    const answer = await gateway.post("/v1/chat/completions", '{"model":"model-a"}');
    expect([version, answer.status]).toEqual([version, 200]);
    provider.play = async ({ response, body }) => {
      await body;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(recording("chat-text.sse"));
    };
    expect(await (await gateway.post("/v1/chat/completions", streaming)).text()).toBe(
      recording("chat-text.sse").toString(),
    );
    expect(await gateway.stop()).toBe(0);
  });
});
