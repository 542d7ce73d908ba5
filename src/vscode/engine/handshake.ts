import { randomBytes } from "node:crypto";
import net from "node:net";
import {
  createMessageConnection,
  type MessageConnection,
  SocketMessageReader,
  SocketMessageWriter,
} from "vscode-jsonrpc/node";
import { type EngineRequests, type HelloResult, PROTOCOL_VERSION } from "../../core/rpc/contract";
import { messageOf } from "../common/log";
import { EngineAbsentError, ForeignEngineError, HandshakeBrokenError } from "./errors";
import { type JoinDecision, joinDecision } from "./joinDecision";
import { EngineLink } from "./link";
import { proofOf, sameProof } from "./proof";

/** Whatever holds the pipe has this long for each answer, so that one that hangs does not hang the window. */
const HANDSHAKE_MS = 3000;

export interface Joined {
  readonly link: EngineLink;
  readonly decision: JoinDecision;
}

/**
 * Connects to a running engine. The engine has to prove that it knows the token before it is sent anything else: on a
 * planted pipe nobody learns a key, nor the token itself.
 * @throws EngineAbsentError where nothing listens, ForeignEngineError where something else does, HandshakeBrokenError
 *   where it went away meanwhile
 */
export async function joinEngine(pipePath: string, token: string, ownVersion: string): Promise<Joined> {
  const socket = await connect(pipePath);
  const connection = createMessageConnection(
    new SocketMessageReader(socket),
    new SocketMessageWriter(socket),
  );
  // Without a listener an EPIPE at the moment the engine dies would be an uncaught exception of the extension host.
  socket.on("error", () => connection.dispose());
  // jsonrpc rejects what is still pending only when it is disposed, not when the other side goes.
  connection.onClose(() => connection.dispose());
  connection.onDispose(() => socket.destroy());
  connection.listen();
  try {
    const clientNonce = randomBytes(32).toString("hex");
    const hello = await ask(connection, "hello", {
      protocolVersion: PROTOCOL_VERSION,
      version: ownVersion,
      clientNonce,
    });
    if (!isHello(hello)) throw new ForeignEngineError();
    const expected = proofOf("engine", token, clientNonce, hello.serverNonce);
    if (!sameProof(expected, hello.proof)) throw new ForeignEngineError();
    const { log } = await ask(connection, "authenticate", {
      proof: proofOf("window", token, clientNonce, hello.serverNonce),
    });
    return {
      link: new EngineLink(connection, hello.version, log),
      decision: joinDecision(hello, ownVersion),
    };
  } catch (error) {
    connection.dispose();
    if (error instanceof ForeignEngineError) throw error;
    throw new HandshakeBrokenError(messageOf(error));
  }
}

function connect(pipePath: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(pipePath);
    const timer = setTimeout(() => {
      reject(new HandshakeBrokenError("The engine does not answer."));
      socket.destroy();
    }, HANDSHAKE_MS);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const absent = error.code === "ENOENT" || error.code === "ECONNREFUSED";
      reject(absent ? new EngineAbsentError("no engine is running") : error);
    });
  });
}

async function ask<M extends "hello" | "authenticate">(
  connection: MessageConnection,
  method: M,
  params: EngineRequests[M]["params"],
): Promise<EngineRequests[M]["result"]> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("The engine does not answer.")), HANDSHAKE_MS);
  });
  try {
    return await Promise.race([connection.sendRequest<EngineRequests[M]["result"]>(method, params), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** The answer comes from whoever holds the pipe, so its form is not taken for granted. */
function isHello(value: unknown): value is HelloResult {
  if (typeof value !== "object" || value === null) return false;
  const { protocolVersion, version, serverNonce, proof } = value as Record<string, unknown>;
  return (
    typeof protocolVersion === "number" &&
    typeof version === "string" &&
    typeof serverNonce === "string" &&
    typeof proof === "string"
  );
}
