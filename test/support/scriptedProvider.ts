import { asArray, asObject } from "../../src/core/json/access";
import type { WireProtocol } from "../../src/core/protocols/wire";
import { PROVIDER_KEY } from "./keys";
import { type Exchange, ReplayProvider, writeAll } from "./replayProvider";
import { chatAnswer, chatEvents } from "./scripted/chatAnswer";
import { readChatRequest } from "./scripted/chatRequest";
import { messagesAnswer, messagesEvents } from "./scripted/messagesAnswer";
import { type MessagesHeaders, readMessagesRequest } from "./scripted/messagesRequest";
import { Refusal, refusalBody } from "./scripted/refusal";
import { responsesAnswer, responsesEvents } from "./scripted/responsesAnswer";
import { readResponsesRequest } from "./scripted/responsesRequest";
import type { Seen } from "./scripted/seen";
import { completed, type FullTurn, type Script } from "./scripted/turn";

const ROUTES: Record<string, WireProtocol> = {
  "/v1/chat/completions": "chat",
  "/v1/responses": "responses",
  "/v1/messages": "messages",
  // Azure's versionless route.
  "/openai/v1/chat/completions": "chat",
};

/** How the ids of calls begin. */
export const CALL_IDS: Record<WireProtocol, string> = {
  chat: "call_",
  responses: "call_",
  messages: "toolu_",
};

/** A request as the provider that is asked for it takes it, or refuses it. */
export function readRequest(protocol: WireProtocol, body: unknown, headers: MessagesHeaders): Seen {
  if (protocol === "chat") return readChatRequest(body);
  return protocol === "responses" ? readResponsesRequest(body) : readMessagesRequest(body, headers);
}

/**
 * A provider on loopback that speaks the three protocols, refuses what the real ones refuse, and answers by a script.
 */
export class ScriptedProvider {
  /** What was taken, in order. */
  readonly seen: Seen[] = [];
  /** The protocols it was asked in. */
  readonly asked = new Set<WireProtocol>();
  /** What was refused, in the provider's words; empty where every request was right. */
  readonly refusals: string[] = [];
  /** The key it wants; none where it lets in everybody. */
  key: string | undefined = PROVIDER_KEY;

  private constructor(
    readonly wire: ReplayProvider,
    public script: Script,
  ) {
    wire.play = (exchange) => this.answer(exchange);
  }

  static async start(script: Script): Promise<ScriptedProvider> {
    return new ScriptedProvider(await ReplayProvider.start(() => {}), script);
  }

  get url(): string {
    return this.wire.url;
  }

  get last(): Seen {
    const last = this.seen.at(-1);
    if (!last) throw new Error(`nothing was taken; refused: ${this.refusals.join("; ") || "nothing"}`);
    return last;
  }

  /** Forgets what was, and plays another script. */
  play(script: Script): void {
    this.script = script;
    this.seen.length = 0;
    this.asked.clear();
    this.refusals.length = 0;
  }

  stop(): Promise<void> {
    return this.wire.stop();
  }

  private async answer(exchange: Exchange): Promise<void> {
    const { response } = exchange;
    const protocol = ROUTES[exchange.path.split("?")[0] ?? ""] ?? "chat";
    try {
      const seen = this.take(protocol, exchange, JSON.parse((await exchange.body).toString()));
      const turn = completed(this.script(seen), seen, CALL_IDS[protocol]);
      if (!seen.stream) {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify(wholeAnswer(protocol, turn, seen)));
        return;
      }
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      const events = streamEvents(protocol, turn, seen);
      await writeAll(response, turn.cut ? events.slice(0, Math.ceil(events.length / 2)) : events);
      response.end();
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(String(error), { status: 500 });
      // A status means that the script wanted it so.
      if (!(error instanceof Refusal && error.about.status)) this.refusals.push(refusal.message);
      const headers = { "content-type": "application/json", ...refusal.about.headers };
      response.writeHead(refusal.status, headers);
      response.end(JSON.stringify(refusalBody(protocol, refusal)));
    }
  }

  private take(protocol: WireProtocol, { method, path, headers }: Exchange, body: unknown): Seen {
    if (method !== "POST" || !Object.hasOwn(ROUTES, path.split("?")[0] ?? ""))
      throw new Refusal(`Invalid URL (${method} ${path})`);
    const bearer = headers.authorization?.replace("Bearer ", "");
    const given = protocol === "messages" ? headers["x-api-key"] : bearer;
    const key = path.startsWith("/openai/") ? headers["api-key"] : given;
    if (this.key !== undefined && key !== this.key)
      throw new Refusal(`The key is ${key === undefined ? "missing" : "wrong"}.`);
    const { "anthropic-version": version, "anthropic-beta": betas } = headers;
    this.asked.add(protocol);
    const seen = readRequest(protocol, body, {
      ...(typeof version === "string" ? { version } : {}),
      ...(typeof betas === "string" ? { betas } : {}),
    });
    this.seen.push(seen);
    return seen;
  }
}

const omitsThinking = (seen: Seen): boolean => asObject(seen.body.thinking).display === "omitted";
const wantsEncrypted = (seen: Seen): boolean =>
  asArray(seen.body.include).includes("reasoning.encrypted_content");

function wholeAnswer(protocol: WireProtocol, turn: FullTurn, seen: Seen): object {
  if (protocol === "chat") return chatAnswer(turn);
  if (protocol === "responses") return responsesAnswer(turn, wantsEncrypted(seen));
  return messagesAnswer(turn, omitsThinking(seen));
}

/** A whole answer as its stream's pieces. */
export function streamEvents(protocol: WireProtocol, turn: FullTurn, seen: Seen): string[] {
  if (protocol === "chat") return chatEvents(turn, asObject(seen.body.stream_options).include_usage === true);
  if (protocol === "responses") return responsesEvents(turn, wantsEncrypted(seen));
  return messagesEvents(turn, omitsThinking(seen));
}
