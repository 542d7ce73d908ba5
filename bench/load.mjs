// The clients of the benchmark, on undici's dispatch so that they cost as little as can be.
import { Agent } from "undici";

/** Sends a request; whatever is no 200 rejects. */
function post(agent, { url, key, body }, handler, reject) {
  const headers = {
    "content-type": "application/json",
    authorization: `Bearer ${key}`,
    "content-length": body.length,
  };
  agent.dispatch(
    { origin: url.origin, path: "/v1/chat/completions", method: "POST", headers, body },
    {
      ...handler,
      onResponseStart(_, status) {
        if (status !== 200) reject(new Error(`HTTP ${status}`));
      },
      onResponseError(_, error) {
        reject(error);
      },
    },
  );
}

/** One request; resolves with the times in ms and how many bytes and events came back. */
function send(agent, request) {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    let first = 0;
    let bytes = 0;
    let lineEnds = 0;
    post(
      agent,
      request,
      {
        onRequestStart() {},
        onResponseData(_, chunk) {
          first ||= performance.now() - started;
          bytes += chunk.length;
          // Line ends are single bytes, which no chunk's end can cut in two.
          for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lineEnds += 1;
        },
        onResponseEnd() {
          resolve({ total: performance.now() - started, first, bytes, events: lineEnds / 2 });
        },
      },
      reject,
    );
  });
}

const bodyFor = (model, stream, padding = 0) =>
  Buffer.from(
    JSON.stringify({
      model,
      stream,
      // As agents send it: the usage chunk is asked for, so no target has to leave anything out.
      ...(stream ? { stream_options: { include_usage: true } } : {}),
      messages: [{ role: "user", content: padding > 0 ? "A".repeat(padding) : "Say fine." }],
    }),
  );

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];

/** One after the other: latency of a small request, in ms. */
async function latency(target, count) {
  const agent = new Agent({ connections: 1 });
  const request = { ...target, body: bodyFor(target.model("small"), false) };
  for (let i = 0; i < 200; i += 1) await send(agent, request);
  const times = [];
  for (let i = 0; i < count; i += 1) times.push((await send(agent, request)).total);
  await agent.close();
  times.sort((a, b) => a - b);
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/** `clients` at once: requests a second. */
async function throughput(target, clients, milliseconds) {
  const agent = new Agent({ connections: clients });
  const request = { ...target, body: bodyFor(target.model("small"), false) };
  let done = 0;
  const until = performance.now() + milliseconds;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() < until) {
        await send(agent, request);
        done += 1;
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  await agent.close();
  return done / seconds;
}

/** Time to the first bytes of a stream, in ms. */
async function firstEvent(target, count) {
  const agent = new Agent({ connections: 1 });
  const request = { ...target, body: bodyFor(target.model("events-5"), true) };
  for (let i = 0; i < 50; i += 1) await send(agent, request);
  const times = [];
  for (let i = 0; i < count; i += 1) times.push((await send(agent, request)).first);
  await agent.close();
  times.sort((a, b) => a - b);
  return { p50: quantile(times, 0.5) };
}

/** Many streams at full speed: events a second. */
async function events(target, streams, perStream) {
  const agent = new Agent({ connections: streams, headersTimeout: 120_000, bodyTimeout: 120_000 });
  const request = { ...target, body: bodyFor(target.model(`events-${perStream}`), true) };
  const started = performance.now();
  const results = await Promise.all(Array.from({ length: streams }, () => send(agent, request)));
  const seconds = (performance.now() - started) / 1000;
  await agent.close();
  // Each word, the finish and [DONE]; a translated stream may also begin with a role and close with its usage.
  const wanted = perStream + 2;
  if (results.some((result) => result.events < wanted || result.events > wanted + 2)) {
    throw new Error("events were lost or added");
  }
  return (streams * perStream) / seconds;
}

/** Large request bodies, in ms. */
async function largeBody(target, megabytes, count) {
  const agent = new Agent({ connections: 1 });
  const request = { ...target, body: bodyFor(target.model("small"), false, megabytes * 1024 * 1024) };
  for (let i = 0; i < 3; i += 1) await send(agent, request);
  const times = [];
  for (let i = 0; i < count; i += 1) times.push((await send(agent, request)).total);
  await agent.close();
  times.sort((a, b) => a - b);
  return { p50: quantile(times, 0.5) };
}

/** A stream that goes on until it is left. Resolves with how to leave it, once its first event is there. */
function held(agent, target) {
  const body = bodyFor(target.model("held"), true);
  return new Promise((resolve, reject) => {
    let leave = () => {};
    post(
      agent,
      { ...target, body },
      {
        onRequestStart(controller) {
          leave = () => controller.abort(new Error("left"));
        },
        onResponseData() {
          resolve(leave);
        },
        onResponseEnd() {},
      },
      reject,
    );
  });
}

/** How long after its client has left the provider knows of it, in ms. */
async function leaving(target, provider, count) {
  const agent = new Agent({ connections: 1 });
  const times = [];
  for (let i = 0; i < count; i += 1) {
    const leave = await held(agent, target);
    const at = performance.timeOrigin + performance.now();
    leave();
    for (let heard = []; heard.length === 0; ) {
      heard = await (await fetch(new URL("/left", provider))).json();
      if (heard.length > 0) times.push(heard[0] - at);
    }
  }
  await agent.close();
  times.sort((a, b) => a - b);
  return { p50: quantile(times, 0.5), most: times.at(-1) };
}

/** What `look` sees while so many streams are open. */
async function whileOpen(target, streams, look) {
  const agent = new Agent({ connections: streams });
  const open = await Promise.all(Array.from({ length: streams }, () => held(agent, target)));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const seen = look();
  for (const leave of open) leave();
  await agent.destroy();
  return seen;
}

export const measures = { leaving, whileOpen, latency, throughput, firstEvent, events, largeBody };
