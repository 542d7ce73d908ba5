// The provider of the benchmark: answers at once, so that what is measured is what stands between.
// The model's name says what to answer: "small", or "events-N" for a stream of N events at full speed. It speaks Chat
// Completions, and Messages below /v1/messages, for the measurements of translation. "held" streams one event and then
// nothing; GET /left tells when the clients of such streams left, in milliseconds since the epoch, and forgets it.
import { createServer } from "node:http";

const small = Buffer.from(
  JSON.stringify({
    id: "chatcmpl-bench",
    object: "chat.completion",
    created: 1,
    model: "small",
    choices: [{ index: 0, message: { role: "assistant", content: "fine" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 },
  }),
);
const smallMessage = Buffer.from(
  JSON.stringify({
    id: "msg_bench",
    type: "message",
    role: "assistant",
    model: "small",
    content: [{ type: "text", text: "fine" }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 9, output_tokens: 1 },
  }),
);
const named = (data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const messages = {
  small: smallMessage,
  start:
    named({
      type: "message_start",
      message: { ...JSON.parse(smallMessage.toString()), content: [], stop_reason: null },
    }) + named({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
  event: (index) =>
    named({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: `word ${index} ` } }),
  end:
    named({ type: "content_block_stop", index: 0 }) +
    named({
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: 9 },
    }) +
    named({ type: "message_stop" }),
};
const event = (index) =>
  `data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"events","choices":[{"index":0,"delta":{"content":"word ${index} "},"finish_reason":null}]}\n\n`;
const end =
  'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"events","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';

const chat = { small, start: "", event, end };

let left = [];

const server = createServer((request, response) => {
  if (request.url === "/left") {
    response.end(JSON.stringify(left));
    left = [];
    return;
  }
  const wire = request.url.startsWith("/v1/messages") ? messages : chat;
  let size = 0;
  let head = "";
  request.on("data", (chunk) => {
    if (head.length < 400) head += chunk.toString("latin1", 0, 400);
    size += chunk.length;
  });
  request.on("end", () => {
    if (/"model"\s*:\s*"held"/.test(head)) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(wire.start + wire.event(1));
      response.on("close", () => left.push(performance.timeOrigin + performance.now()));
      return;
    }
    const events = Number(/"model"\s*:\s*"(?:bench\/)?events-(\d+)"/.exec(head)?.[1] ?? 0);
    if (events === 0) {
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": wire.small.length,
        "x-size": size,
      });
      response.end(wire.small);
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    let sent = 0;
    if (wire.start) response.write(wire.start);
    // One event a write, as a provider sends them; a turn of the loop between, so that they are not joined.
    const next = () => {
      if (response.destroyed) return;
      if (sent === events) {
        response.end(wire.end);
        return;
      }
      sent += 1;
      if (response.write(wire.event(sent))) setImmediate(next);
      else response.once("drain", next);
    };
    next();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () =>
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })),
);
