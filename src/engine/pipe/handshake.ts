import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { proofText } from "../../core/rpc/contract";

/** The engine's side of the handshake of one connection. */
export class Handshake {
  private nonces: { client: string; server: string } | undefined;

  constructor(private readonly token: string) {}

  /** Answers the window's nonce with one of our own, and with the proof that we know the token. */
  answer(clientNonce: string): { serverNonce: string; proof: string } {
    const server = randomBytes(32).toString("hex");
    this.nonces = { client: clientNonce, server };
    return { serverNonce: server, proof: this.sign("engine", clientNonce, server) };
  }

  /** Whether the window knows the token too. Each answer can be tried once. */
  accepts(proof: string): boolean {
    if (!this.nonces) return false;
    const { client, server } = this.nonces;
    this.nonces = undefined;
    const expected = Buffer.from(this.sign("window", client, server));
    const given = Buffer.from(proof);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  private sign(role: "engine" | "window", client: string, server: string): string {
    return createHmac("sha256", this.token)
      .update(proofText(role, client, server))
      .digest("hex");
  }
}
