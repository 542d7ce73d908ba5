import type { Answer, StreamEvent } from "../conversation/answer";
import { parseJson } from "../json/access";
import type { WireError } from "../protocols/errorShape";
import type { WireProtocol } from "../protocols/wire";
import { createSseParser } from "../sse/parser";
import { isEventStream } from "../translation";
import { decodeAnswer, streamDecoder } from "../translation/codecs";
import { findingOf, type RefusedRequest } from "./answerFinding";
import { CHANGE_ADDRESS, type Finding, finding, NAME_MODELS, TRY_AGAIN } from "./finding";
import type { PaidProbe, ProbeResult } from "./probes";

/** What a probe was answered with. */
export interface ProbeAnswer extends RefusedRequest {
  readonly protocol: WireProtocol;
  /** What arrived when, in milliseconds since the request was sent. */
  readonly reads: readonly { readonly atMs: number; readonly bytes: Uint8Array }[];
}

type Verdict = Pick<ProbeResult, "outcome" | "sentence" | "finding">;

const works = (sentence: string): Verdict => ({ outcome: "works", sentence });
const fails = (found: Finding): Verdict => ({ outcome: "fails", sentence: found.sentence, finding: found });
const warns = (found: Finding): Verdict => ({ outcome: "warning", sentence: found.sentence, finding: found });

/** A probe's token limit was too small for what the model thinks first; that it works is shown all the same. */
const RAN_OUT = /max_(?:completion_|output_)?tokens.{0,80}reached|output limit was reached/i;
const CHOICE_REFUSED = /tool[-_ ]?choice/i;

/** Judges the answer to a probe. */
export function probeVerdict(probe: PaidProbe, answer: ProbeAnswer): Verdict {
  if (answer.status === 400 && RAN_OUT.test(answer.bodyText)) return works("The model answers.");
  const refused = findingOf(answer);
  if (refused) return fails(refusalOf(probe, refused));
  switch (probe) {
    case "answer":
      return answerVerdict(answer);
    case "stream":
      return streamVerdict(answer);
    case "tools":
      return toolsVerdict(answer);
  }
}

/** Whether it may only be the demand for a tool call that was refused, so that asking without it makes sense. */
export function refusesForcedTool({ status, bodyText }: ProbeAnswer): boolean {
  return status >= 400 && status < 500 && CHOICE_REFUSED.test(bodyText.slice(0, 4096));
}

/** What else the provider could not place in a request that differs from the last by one thing is about that thing. */
function refusalOf(probe: PaidProbe, found: Finding): Finding {
  if (found.code !== "request_refused") return found;
  const said = found.said === undefined ? {} : { said: found.said };
  if (probe === "stream") return { ...cannotStream("it refuses the request for a stream"), ...said };
  return probe === "tools" ? { ...cannotCallTools("it refuses a request with tools"), ...said } : found;
}

function answerVerdict(answer: ProbeAnswer): Verdict {
  const read = decoded(answer);
  if ("finding" in read) return fails(read.finding);
  const { blocks, stop } = read.answer;
  if (blocks.length > 0 || stop === "length") return works("The model answers.");
  return warns(
    finding(
      "empty_answer",
      "The model answers, but with nothing. Try again, or use another model.",
      TRY_AGAIN,
    ),
  );
}

function toolsVerdict(answer: ProbeAnswer): Verdict {
  const read = decoded(answer);
  if ("finding" in read) return fails(read.finding);
  const { blocks, stop } = read.answer;
  if (blocks.some(({ kind }) => kind === "toolCall")) return works("The model calls tools.");
  if (stop === "length") {
    const text =
      "The model ran out of the probe's tokens before it called the tool, so it is not known whether it can.";
    return warns(finding("cannot_call_tools", text, TRY_AGAIN));
  }
  return fails(cannotCallTools("it answers a request with tools in words instead of a call"));
}

/** With how many pieces it can be told whether they came one by one. */
const ENOUGH_PIECES = 8;
/** What is written one by one takes longer than this for that many pieces. */
const AT_ONCE_MS = 5;
/** An answer that was there so soon may well have been written in one go. */
const SOON_MS = 500;

function streamVerdict(answer: ProbeAnswer): Verdict {
  const { bodyText, protocol } = answer;
  if (!isEventStream(bodyText)) {
    if (parseJson(bodyText) !== undefined) return fails(cannotStream("it answers all at once, in one JSON"));
    return fails(notAnApi(answer));
  }
  const parser = createSseParser();
  const decoder = streamDecoder(protocol, PLAIN);
  const timed: { readonly atMs: number; readonly event: StreamEvent }[] = [];
  for (const { atMs, bytes } of answer.reads)
    for (const { data, event: name } of parser.push(bytes))
      for (const event of decoder.event(data, name)) timed.push({ atMs, event });
  const rest = parser.end().flatMap(({ data, event }) => decoder.event(data, event));
  const events = [...timed.map(({ event }) => event), ...rest, ...decoder.end()];
  const failed = events.find((event) => event.type === "error");
  if (failed && failed.error.code !== "provider_incomplete") return fails(streamError(answer, failed.error));
  if (failed || !events.some(({ type }) => type === "stop"))
    return fails(cannotStream("its stream breaks off before the answer is complete"));
  const pieces = timed.filter(({ event }) => event.type === "textDelta" || event.type === "thinkingDelta");
  const begun = pieces[0]?.atMs ?? 0;
  const spread = (pieces.at(-1)?.atMs ?? 0) - begun;
  if (pieces.length >= ENOUGH_PIECES && begun > SOON_MS && spread <= AT_ONCE_MS) {
    const text =
      "The stream arrives all at once at its end: something on the way, often a proxy, holds it back. Tools work, but show nothing until an answer is complete.";
    return warns(finding("stream_buffered", text, { kind: "openSettings", query: "http.proxy" }, TRY_AGAIN));
  }
  return works("The model streams.");
}

function decoded(answer: ProbeAnswer): { readonly answer: Answer } | { readonly finding: Finding } {
  const { protocol, bodyText } = answer;
  if (isEventStream(bodyText)) {
    const text = "It answers with a stream though none was asked for; tools that want a whole answer fail.";
    return { finding: finding("not_an_api", text, CHANGE_ADDRESS) };
  }
  const body = parseJson(bodyText);
  if (body === undefined) return { finding: notAnApi(answer) };
  const read = decodeAnswer(protocol, body, PLAIN);
  return "status" in read ? { finding: streamError(answer, read) } : { answer: read };
}

/** A failure that came inside a 200. */
function streamError(answer: ProbeAnswer, { status, message, code }: WireError): Finding {
  if (code === "provider_malformed") return notAnApi(answer);
  const bodyText = JSON.stringify({ error: { message, code } });
  const inside = { ...answer, status: status < 400 ? 502 : status, bodyText, headers: {} };
  return findingOf(inside) ?? notAnApi(answer);
}

function notAnApi({ model, protocol }: ProbeAnswer): Finding {
  const which = model === undefined ? "" : ` for the model ${JSON.stringify(model.slice(0, 100))}`;
  const text = `The answer${which} is none that the API (${protocol}) has. Check the address, and which API the server speaks.`;
  return finding("not_an_api", text, CHANGE_ADDRESS);
}

function cannotStream(how: string): Finding {
  const text = `The provider cannot stream: ${how}. Agents and Chat need streams; use another model, or ask the provider's administrator.`;
  return finding("cannot_stream", text, NAME_MODELS);
}

function cannotCallTools(how: string): Finding {
  const text = `The model cannot call tools: ${how}. It will do for conversations; use another model for agents.`;
  return finding("cannot_call_tools", text, NAME_MODELS);
}

/** Ids and the date of a probe's answer are of no interest. */
const PLAIN = { newId: (prefix: string): string => `${prefix}probe`, now: (): number => 0 };
