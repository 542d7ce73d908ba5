// The Copilot runtime as far as the SDK is spoken to: JSON-RPC 2.0 with Content-Length on the standard streams, GitHub's
// answers fetched from where COPILOT_DEBUG_GITHUB_API_URL says. It shares the real one's traps: another model in place
// of one that it does not know, a second question to the model after a call of a tool that is not there, retries, and no
// session for a tool that has the name of one of its own and does not say that it stands in its place.
const github = process.env.COPILOT_DEBUG_GITHUB_API_URL;
let buffer = Buffer.alloc(0);
let nextId = 1;
const waiting = new Map();
const sessions = new Map();
let frozen = false;
const OWN_TOOLS = [
  "bash",
  "read_bash",
  "stop_bash",
  "view",
  "create",
  "edit",
  "grep",
  "glob",
  "task",
  "web_fetch",
];

process.stdin.on("data", (chunk) => {
  buffer = Buffer.concat([buffer, chunk]);
  for (;;) {
    const head = buffer.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(buffer.subarray(0, head).toString())?.[1]);
    if (buffer.length < head + 4 + length) return;
    const message = JSON.parse(buffer.subarray(head + 4, head + 4 + length).toString());
    buffer = buffer.subarray(head + 4 + length);
    void take(message);
  }
});
process.stdin.on("end", () => process.exit(0));

function write(message) {
  if (frozen) return;
  const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
  process.stdout.write(`Content-Length: ${body.length}\r\n\r\n`);
  process.stdout.write(body);
}

/** A question to the SDK. */
function ask(method, params) {
  const id = nextId++;
  write({ id, method, params });
  return new Promise((resolve) => waiting.set(id, resolve));
}

async function take({ id, method, params, result, error }) {
  if (method === undefined) {
    waiting.get(id)?.(result ?? { error });
    waiting.delete(id);
    return;
  }
  try {
    const answer = await (methods[method] ?? (async () => ({})))(params ?? {});
    if (id !== undefined) write({ id, result: answer });
  } catch (thrown) {
    if (id !== undefined) write({ id, error: { code: -32603, message: thrown.message } });
  }
}

async function get(path, token) {
  const response = await fetch(github + path, { headers: { authorization: `Bearer ${token}` } });
  if (response.status === 401)
    throw new Error("Request failed with message: Not authenticated. Please authenticate first.");
  return response.json();
}

const listed = async (token) => (await get("/models", token)).data;

const methods = {
  connect: async () => ({ ok: true, protocolVersion: 3, version: "fake" }),
  ping: async ({ message }) => ({ message, timestamp: new Date().toISOString(), protocolVersion: 3 }),
  "models.list": async ({ gitHubToken }) => ({
    models: [
      { id: "auto", name: "Auto", capabilities: {} },
      ...(await listed(gitHubToken)).map((model) => ({
        ...model,
        capabilities: {
          ...model.capabilities,
          supports: {
            ...model.capabilities.supports,
            reasoningEffort: model.supportedReasoningEfforts !== undefined,
          },
        },
      })),
    ],
  }),
  "account.getQuota": async ({ gitHubToken }) => {
    const { quota_snapshots } = await get("/copilot_internal/user", gitHubToken);
    return {
      quotaSnapshots: Object.fromEntries(
        Object.entries(quota_snapshots).map(([name, one]) => [
          name,
          {
            isUnlimitedEntitlement: one.unlimited,
            entitlementRequests: one.entitlement,
            usedRequests: one.entitlement - one.remaining,
            remainingPercentage: one.percent_remaining,
            overage: one.overage_count,
            usageAllowedWithExhaustedQuota: one.overage_permitted,
            overageAllowedWithExhaustedQuota: one.overage_permitted,
            resetDate: one.timestamp_utc,
          },
        ]),
      ),
    };
  },
  "session.resume": async (config) => {
    const { sessionId } = config;
    const clash = config.tools?.find((tool) => OWN_TOOLS.includes(tool.name) && !tool.overridesBuiltInTool);
    if (clash) throw new Error(`External tool "${clash.name}" conflicts with a built-in tool.`);
    const { content } = await ask("sessionFs.readFile", { sessionId, path: "/s/events.jsonl" });
    const past = content
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    sessions.set(sessionId, { config, past, aborted: new AbortController() });
    tell(sessionId, "session.resume", { selectedModel: config.model });
    tell(sessionId, "session.tools_updated", { model: config.model });
    return { sessionId, capabilities: {} };
  },
  "session.options.update": async () => ({ success: true }),
  "session.send": async ({ sessionId, prompt, attachments, responseFormat }) => {
    const content = attachments
      ? [
          { type: "text", text: prompt },
          ...attachments.map(({ data, mimeType }) => ({
            type: "image_url",
            image_url: { url: `data:${mimeType};base64,${data}` },
          })),
        ]
      : prompt;
    void loop(sessionId, [{ role: "user", content }], "user", responseFormat);
    return { messageId: "m" };
  },
  "session.sendMessages": async ({ sessionId, responseFormat }) => {
    void loop(sessionId, [], "agent", responseFormat);
    return { messageIds: [] };
  },
  "session.abort": async ({ sessionId }) => {
    sessions.get(sessionId)?.aborted.abort();
    tell(sessionId, "session.idle", { aborted: true });
    return { success: true };
  },
  "session.detach": async ({ sessionId }) => {
    sessions.delete(sessionId);
    return { success: true };
  },
  "runtime.shutdown": async () => ({}),
};

function tell(sessionId, type, data) {
  const event = { id: String(nextId++), timestamp: new Date().toISOString(), parentId: null, type, data };
  write({ method: "session.event", params: { sessionId, event } });
}

function messagesOf(past) {
  const messages = [];
  for (const { type, data } of past) {
    if (type === "user.message") messages.push({ role: "user", content: data.content });
    if (type === "assistant.message")
      messages.push({
        role: "assistant",
        content: data.content === "" ? null : data.content,
        ...(data.toolRequests
          ? {
              tool_calls: data.toolRequests.map((call) => ({
                id: call.toolCallId,
                type: "function",
                function: { name: call.name, arguments: JSON.stringify(call.arguments) },
              })),
            }
          : {}),
      });
    if (type === "tool.execution_complete")
      messages.push({ role: "tool", tool_call_id: data.toolCallId, content: data.result.content });
  }
  return messages;
}

async function loop(sessionId, last, initiator, responseFormat) {
  const session = sessions.get(sessionId);
  const { config, past, aborted } = session;
  const known = await listed(config.gitHubToken).catch(() => []);
  // As the real one does it: another model, without a word.
  const model = known.some(({ id }) => id === config.model) ? config.model : known[0]?.id;
  if (model !== config.model) tell(sessionId, "session.tools_updated", { model });
  const messages = [
    { role: "system", content: config.systemMessage?.content ?? "" },
    ...messagesOf(past),
    ...last,
  ];
  for (let turn = 0; turn < 5 && !aborted.signal.aborted; turn++) {
    tell(sessionId, "assistant.turn_start", { turnId: String(turn) });
    tell(sessionId, "model.call_start", { turnId: String(turn), model });
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (aborted.signal.aborted) return;
    const answer = await call(
      sessionId,
      session,
      model,
      messages,
      turn === 0 ? initiator : "agent",
      responseFormat,
    );
    if (!answer) return;
    const strange = answer.toolRequests.filter(
      ({ name }) => !(config.tools ?? []).some((tool) => tool.name === name),
    );
    if (strange.length === 0) {
      if (answer.toolRequests.length === 0) tell(sessionId, "session.idle", {});
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 60));
    messages.push({ role: "assistant", content: answer.content });
  }
}

async function call(sessionId, { config, aborted }, model, messages, initiator, responseFormat) {
  const failed = (statusCode, errorMessage) => {
    tell(sessionId, "model.call_failure", { model, statusCode, errorMessage, source: "top_level" });
    return undefined;
  };
  let response;
  try {
    response = await fetch(`${github}/chat/completions`, {
      method: "POST",
      signal: aborted.signal,
      headers: {
        authorization: `Bearer ${config.gitHubToken}`,
        "x-initiator": initiator,
        "content-type": "application/json",
      },
      body: JSON.stringify({
        model,
        messages,
        stream: true,
        ...(config.reasoningEffort ? { reasoning_effort: config.reasoningEffort } : {}),
        ...(responseFormat ? { response_format: responseFormat } : {}),
        ...(config.tools?.length
          ? {
              tools: config.tools.map(({ name, description, parameters }) => ({
                type: "function",
                function: { name, description, parameters },
              })),
            }
          : {}),
      }),
    });
    if (response.status !== 200) return failed(response.status, await response.text());
    return await stream(sessionId, model, initiator, response);
  } catch (thrown) {
    if (aborted.signal.aborted) return undefined;
    return failed(undefined, thrown.message);
  }
}

async function stream(sessionId, model, initiator, response) {
  const messageId = String(nextId++);
  const calls = [];
  let content = "";
  let usage;
  let finish;
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split("\n\n");
    text = lines.pop();
    for (const line of lines) {
      if (line === "data: [DONE]") continue;
      const { choices, usage: reported } = JSON.parse(line.slice(6));
      usage = reported ?? usage;
      const [{ delta, finish_reason }] = choices;
      finish = finish_reason ?? finish;
      const thought = delta.reasoning_content ?? delta.reasoning_text;
      if (thought)
        tell(sessionId, "assistant.reasoning_delta", {
          reasoningId: "r",
          deltaContent: thought,
        });
      if (delta.content) {
        content += delta.content;
        tell(sessionId, "assistant.message_delta", { messageId, deltaContent: delta.content });
      }
      for (const { index, id, function: part } of delta.tool_calls ?? []) {
        calls[index] ??= { toolCallId: id, name: part.name, text: "" };
        calls[index].text += part.arguments ?? "";
        if (part.arguments)
          tell(sessionId, "assistant.tool_call_delta", {
            toolCallId: calls[index].toolCallId,
            toolName: calls[index].name,
            inputDelta: part.arguments,
          });
        // What a process does that has gone wrong.
        if (part.arguments?.includes("KILL_RUNTIME")) process.kill(process.pid, "SIGKILL");
      }
      if (delta.content?.includes("KILL_RUNTIME")) process.kill(process.pid, "SIGKILL");
      if (delta.content?.includes("FREEZE_RUNTIME")) frozen = true;
    }
  }
  if (!finish) throw new Error("the stream was cut");
  const multiplier = (
    await fetch(`${github}/models`, {
      headers: {
        authorization:
          response.url && sessions.get(sessionId)
            ? `Bearer ${sessions.get(sessionId).config.gitHubToken}`
            : "",
      },
    }).then((one) => one.json())
  ).data?.find(({ id }) => id === model)?.billing?.multiplier;
  if (usage)
    tell(sessionId, "assistant.usage", {
      model,
      inputTokens: usage.prompt_tokens,
      outputTokens: usage.completion_tokens,
      cacheReadTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
      cacheWriteTokens: 0,
      cost: multiplier ?? 1,
      initiator,
      finishReason: finish,
      quotaSnapshots: snapshotsIn(response.headers),
    });
  const toolRequests = calls.map(({ toolCallId, name, text }) => ({
    toolCallId,
    name,
    arguments: JSON.parse(text),
    type: "function",
  }));
  tell(sessionId, "assistant.message", { messageId, model, content, toolRequests });
  return { content, toolRequests };
}

function snapshotsIn(headers) {
  const said = new URLSearchParams(headers.get("x-quota-snapshot-premium_interactions") ?? "");
  if (!said.has("ent")) return undefined;
  const entitlement = Number(said.get("ent"));
  const left = Number(said.get("rem"));
  return {
    premium_interactions: {
      isUnlimitedEntitlement: false,
      entitlementRequests: entitlement,
      usedRequests: Math.round((entitlement * (100 - left)) / 100),
      remainingPercentage: left,
      overage: Number(said.get("ov")),
      resetDate: said.get("rst"),
    },
  };
}
