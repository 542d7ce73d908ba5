import { connect, type Socket } from "node:net";
import { within } from "./waiting";

/** A TCP connection that says exactly what it is told to, for HTTP that no client library would send. */
export class RawConnection {
  private text = "";
  private readonly watchers = new Set<() => void>();
  readonly closed: Promise<void>;

  private constructor(readonly socket: Socket) {
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      this.text += text;
      for (const watch of this.watchers) watch();
    });
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
  }

  static async open(port: number, host = "127.0.0.1"): Promise<RawConnection> {
    const socket = connect({ port, host });
    await within(
      new Promise<void>((resolve, reject) => {
        socket.once("connect", () => resolve());
        socket.once("error", reject);
      }),
      "the connection",
    );
    return new RawConnection(socket);
  }

  /** Everything that came so far, as Latin-1. */
  get received(): string {
    return this.text;
  }

  send(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  /** Waits until what came matches. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>((resolve) => {
      const watch = () => {
        const match = pattern.exec(this.text);
        if (!match) return;
        this.watchers.delete(watch);
        resolve(match);
      };
      this.watchers.add(watch);
      watch();
    });
    return within(found, `${pattern} in ${JSON.stringify(this.text.slice(0, 500))}`);
  }

  /** Everything until the other side closes. */
  async rest(): Promise<string> {
    await within(this.closed, `the close after ${JSON.stringify(this.text.slice(0, 300))}`);
    return this.text;
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Sends lines as an HTTP request head and returns all that is answered until the other side closes. */
export async function rawRequest(port: number, lines: readonly string[], body = ""): Promise<string> {
  const connection = await RawConnection.open(port);
  connection.send(`${[...lines, "connection: close"].join("\r\n")}\r\n\r\n${body}`);
  return connection.rest();
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
}
