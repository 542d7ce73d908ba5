import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** An HTTP proxy that lets nobody through and remembers where they wanted to. */
export class DeadEnd {
  readonly wanted: string[] = [];
  private readonly server = createServer((request, response) => {
    this.wanted.push(request.url ?? "");
    response.writeHead(403).end();
  });

  private constructor() {
    this.server.on("connect", (request, socket) => {
      this.wanted.push(request.url ?? "");
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
  }

  static async start(): Promise<DeadEnd> {
    const proxy = new DeadEnd();
    await new Promise<void>((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** Sends a program's connections here, but for those to this machine. */
  get environment(): Record<string, string> {
    const url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const local = "127.0.0.1,localhost";
    return {
      HTTP_PROXY: url,
      HTTPS_PROXY: url,
      ALL_PROXY: url,
      http_proxy: url,
      https_proxy: url,
      all_proxy: url,
      NO_PROXY: local,
      no_proxy: local,
    };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
