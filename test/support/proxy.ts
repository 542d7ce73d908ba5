import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";

/** A proxy on loopback that tunnels, or answers every CONNECT with a status of its own. */
export class FakeProxy {
  /** What was asked for, as `host:port`. */
  readonly asked: string[] = [];
  private readonly sockets = new Set<Duplex>();

  private constructor(private readonly server: Server) {}

  /** @param everythingTo a port on this machine to which every tunnel leads, whatever host is asked for */
  static async start(refuseWith?: string, everythingTo?: number): Promise<FakeProxy> {
    const server = createServer();
    const proxy = new FakeProxy(server);
    server.on("connect", (request, socket: Duplex) => {
      proxy.asked.push(request.url ?? "");
      proxy.sockets.add(socket);
      socket.on("error", () => socket.destroy());
      if (refuseWith !== undefined) {
        socket.end(`HTTP/1.1 ${refuseWith}\r\ncontent-length: 0\r\n\r\n`);
        return;
      }
      const [host = "", port = ""] = (request.url ?? "").split(":");
      const target = connect(everythingTo ?? Number(port), everythingTo ? "127.0.0.1" : host, () => {
        socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        target.pipe(socket).pipe(target);
      });
      proxy.sockets.add(target);
      target.on("error", () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
