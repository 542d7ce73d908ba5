import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, it } from "vitest";
import { ClientSide } from "../../src/engine/relay/clientSide";
import { EndOfTurn } from "../../src/engine/relay/endOfTurn";
import { RawConnection } from "../support/rawConnection";

const PLAIN = { status: 200, headers: { "content-type": "text/plain" } };
const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
let closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing) close();
  closing = [];
});

/** A connection to a server whose requests are answered in turn by `answers`, through one end of turn. */
async function connected(...answers: ((client: ClientSide) => unknown)[]): Promise<RawConnection> {
  const end = new EndOfTurn();
  const server = createServer((_, response: ServerResponse) => {
    void answers.shift()?.(new ClientSide(response, end, () => {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close().closeAllConnections());
  return RawConnection.open((server.address() as AddressInfo).port);
}

it("what was written goes out at the end of its turn, before anything else is", async () => {
  let client: ClientSide | undefined;
  const connection = await connected((given) => {
    client = given;
    given.begin(PLAIN);
    given.write("one ");
    given.write("two ");
  });
  connection.send(GET);
  await connection.until(/one .*two /s);
  client?.write("three ");
  await connection.until(/three /);
  client?.end("four");
  await connection.until(/four.*\r\n0\r\n\r\n$/s);
});

it("what was written before an answer is dropped in the same turn still comes", async () => {
  const connection = await connected((client) => {
    client.begin(PLAIN);
    client.write("half of it");
    client.drop();
  });
  connection.send(GET);
  await connection.until(/half of it/);
  await connection.closed;
});

it("an answer that waits behind another on its connection does not hold that one up", async () => {
  let first: ClientSide | undefined;
  let second: ClientSide | undefined;
  const connection = await connected(
    (client) => {
      first = client;
      client.begin(PLAIN);
      client.write("one ");
    },
    (client) => {
      second = client;
      client.begin(PLAIN);
      client.write("later ");
      client.end("all");
    },
  );
  connection.send(GET + GET);
  await connection.until(/one /);
  while (!second) await turn();
  first?.write("two ");
  await connection.until(/two /);
  await turn();
  first?.write("three ");
  await connection.until(/three /);
  first?.end();
  await connection.until(/three .*later .*all/s);
});
