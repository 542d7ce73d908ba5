import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { amount } from "./amount";

const MB = 1024 * 1024;
const EVENT = 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"x"}}]}\n\n';
const STREAM_HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const CHUNKED = `${STREAM_HEAD}transfer-encoding: chunked\r\n\r\n`;

/** How a provider can go wrong, as what it does with a request's connection. `whole`: the request has come to its end. */
const FAULTS = {
  "says nothing": () => {},
  "stops within its headers": (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-ty"),
  "stops after its headers": (socket) => socket.write(CHUNKED),
  "stops after an event": (socket) => socket.write(CHUNKED + chunk(EVENT)),
  "stops within an event": (socket) => socket.write(CHUNKED + chunk(EVENT + EVENT.slice(0, 20))),
  "stops within a chunk": (socket) => socket.write(`${CHUNKED}ffff\r\n${EVENT}`),
  "answers byte by byte": (socket) => {
    const text = `${CHUNKED}${chunk(EVENT)}${chunk("data: [DONE]\n\n")}0\r\n\r\n`;
    let at = 0;
    const timer = setInterval(
      () => {
        if (at >= text.length || socket.destroyed) clearInterval(timer);
        else socket.write(text.slice(at, ++at));
      },
      amount(5, 100),
    );
  },
  "sends a huge event": (socket) => {
    const text = "x".repeat(amount(9, 50) * MB);
    socket.end(
      `${STREAM_HEAD}connection: close\r\n\r\n${EVENT.replace('"x"', () => `"${text}"`)}data: [DONE]\n\n`,
    );
  },
  "sends a header of a megabyte": (socket) => {
    socket.end(`HTTP/1.1 200 OK\r\nx-huge: ${"x".repeat(MB)}\r\ncontent-length: 2\r\n\r\n{}`);
  },
  "sends headers without end": (socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(`x-h${Math.random()}: ${"y".repeat(1000)}\r\n`)) {}
      if (!socket.destroyed) socket.once("drain", more);
    };
    socket.write("HTTP/1.1 200 OK\r\n");
    more();
  },
  "closes within a chunk": (socket) => socket.end(`${CHUNKED}ffff\r\n${EVENT}`),
  "closes after an event": (socket) => socket.end(CHUNKED + chunk(EVENT)),
  "closes without a word": (socket) => socket.end(),
  "resets after an event": (socket) => {
    socket.write(CHUNKED + chunk(EVENT), () => setTimeout(() => socket.resetAndDestroy(), 20));
  },
  "promises more than it sends": (socket) => {
    socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"id":');
  },
  "sends more than it promised": (socket) => {
    socket.end(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}${"x".repeat(5000)}`,
    );
  },
  "speaks no HTTP": (socket) => socket.end("SSH-2.0-OpenSSH_9.9\r\n"),
  "has a status that is none": (socket) => socket.end("HTTP/1.1 099 What\r\ncontent-length: 2\r\n\r\n{}"),
  "switches protocols": (socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n");
  },
  "says to go on for ever": (socket) => {
    const timer = setInterval(() => {
      if (socket.destroyed) clearInterval(timer);
      else socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    }, 5);
  },
  "sends a bomb": (socket) => {
    socket.write(
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n",
    );
    socket.end(bomb());
  },
  "sends broken compression": (socket) => {
    socket.end(
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\nrubbish",
    );
  },
  "answers before it was asked": () => {},
} satisfies Record<string, (socket: Socket) => void>;

export type Fault = keyof typeof FAULTS;
export const faults = Object.keys(FAULTS) as Fault[];

let made: Buffer | undefined;
function bomb(): Buffer {
  made ??= gzipSync(Buffer.alloc(amount(40, 300) * MB, 0x20), { level: 9 });
  return made;
}

/** The name of a fault as a provider's id and as part of its address. */
export const slug = (fault: string) => fault.replaceAll(" ", "-");

/** A provider that does everything wrong; which way, its path says. */
export class BadProvider {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<BadProvider> {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      let head = "";
      const onData = (data: Buffer): void => {
        head += data.toString("latin1");
        const path = /^[A-Z]+ \/([\w-]+)\//.exec(head)?.[1];
        const fault = faults.find((one) => slug(one) === path);
        if (!fault) return;
        if (fault === "answers before it was asked") {
          // With the request's body still on its way.
          socket.off("data", onData);
          socket.end(
            'HTTP/1.1 401 No\r\ncontent-type: application/json\r\ncontent-length: 24\r\n\r\n{"error":{"message":""}}',
          );
          socket.resume();
          return;
        }
        if (!isWhole(head)) return;
        socket.off("data", onData);
        socket.resume();
        FAULTS[fault](socket);
      };
      socket.on("data", onData);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new BadProvider(server);
  }

  url(fault: Fault): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${slug(fault)}/v1`;
  }

  stop(): void {
    this.server.close();
  }
}

function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
  return text.length - end - 4 >= length;
}
