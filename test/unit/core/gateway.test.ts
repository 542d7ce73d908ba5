import { describe, expect, it } from "vitest";
import { isHostAllowed, isLoopbackHost, isOriginAllowed } from "../../../src/core/gateway/hostGuard";
import { presentedKeys } from "../../../src/core/gateway/presentedKeys";
import { matchRoute } from "../../../src/core/gateway/routes";

describe("isHostAllowed", () => {
  const listen = { host: "127.0.0.1", port: 4141 };
  it.each(["127.0.0.1:4141", "localhost:4141", "LOCALHOST:4141", "[::1]:4141"])("lets %s in", (host) => {
    expect(isHostAllowed(host, listen)).toBe(true);
  });
  it.each([
    undefined,
    "",
    "localhost",
    "localhost:4142",
    "localhost:04141x",
    "evil.example:4141",
    "127.0.0.1.evil.example:4141",
    "localhost.evil.example:4141",
    "localhost.:4141",
    "127.1:4141",
    "0x7f.0.0.1:4141",
    "2130706433:4141",
    "0177.0.0.1:4141",
    "127.0.0.2:4141",
    "0.0.0.0:4141",
    "[::]:4141",
    "[::ffff:127.0.0.1]:4141",
    "user@localhost:4141",
    "localhost:4141, evil.example",
    "localhost:4141/path",
    " localhost:4141",
  ])("keeps %j out", (host) => {
    expect(isHostAllowed(host, listen)).toBe(false);
  });
  it("means port 80 where none is written", () => {
    expect(isHostAllowed("localhost", { host: "127.0.0.1", port: 80 })).toBe(true);
  });
  it("takes bare addresses, but no foreign names, once opened to the network", () => {
    const open = { host: "0.0.0.0", port: 4141 };
    expect(isHostAllowed("192.168.1.5:4141", open)).toBe(true);
    expect(isHostAllowed("[fe80::1]:4141", open)).toBe(true);
    expect(isHostAllowed("evil.example:4141", open)).toBe(false);
    expect(isHostAllowed("gateway.lan:4141", { host: "gateway.lan", port: 4141 })).toBe(true);
  });
  it("knows loopback from the rest", () => {
    expect(["127.0.0.1", "localhost", "::1", "127.9.9.9"].map(isLoopbackHost)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(["0.0.0.0", "::", "127.evil.example", "192.168.1.1"].map(isLoopbackHost)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe("isOriginAllowed", () => {
  const host = "127.0.0.1:4141";
  it.each([
    [{}, true],
    [{ origin: "http://127.0.0.1:4141" }, true],
    [{ fetchSite: "same-origin" }, true],
    [{ fetchSite: "none" }, true],
    [{ origin: "null" }, false],
    [{ origin: "https://127.0.0.1:4141" }, false],
    [{ origin: "http://127.0.0.1:4142" }, false],
    [{ origin: "https://evil.example" }, false],
    [{ fetchSite: "cross-site" }, false],
    [{ fetchSite: "same-site" }, false],
    [{ fetchSite: "anything" }, false],
  ])("%j → %s", (headers, allowed) => {
    expect(isOriginAllowed({ host, origin: undefined, fetchSite: undefined, ...headers })).toBe(allowed);
  });
});

describe("presentedKeys", () => {
  const of = (headers: Record<string, string>) => presentedKeys((name) => headers[name]);
  it("reads all four forms", () => {
    expect(of({ authorization: "Bearer a" })).toEqual(["a"]);
    expect(of({ authorization: "bearer   a" })).toEqual(["a"]);
    expect(of({ "x-api-key": "b" })).toEqual(["b"]);
    expect(of({ "api-key": "c" })).toEqual(["c"]);
    expect(of({ "x-goog-api-key": "d" })).toEqual(["d"]);
    expect(of({ authorization: "Bearer a", "x-api-key": "b" })).toEqual(["a", "b"]);
  });
  it("takes nothing else for a key", () => {
    expect(of({})).toEqual([]);
    expect(of({ authorization: "Basic dXNlcjpwYXNz" })).toEqual([]);
    expect(of({ authorization: "Bearer " })).toEqual([]);
    expect(of({ "x-api-key": "" })).toEqual([]);
  });
});

describe("matchRoute", () => {
  const route = (method: string, path: string, anthropic = false) => {
    const match = matchRoute(method, path, anthropic);
    return match.kind === "found" ? match.route : match.kind;
  };
  it.each([
    ["/v1/chat/completions", "chat", "chat"],
    ["/openai/v1/chat/completions", "chat", "chat"],
    ["/v1/responses", "responses", "responses"],
    ["/openai/v1/responses", "responses", "responses"],
    ["/openai/responses", "responses", "responses"],
    ["/v1/embeddings", "embeddings", "chat"],
    ["/v1/messages", "messages", "messages"],
    ["/anthropic/v1/messages", "messages", "messages"],
    ["/v1/messages/count_tokens", "countTokens", "messages"],
  ])("POST %s is %s", (path, operation, protocol) => {
    expect(route("POST", path)).toEqual({ kind: "operation", operation, protocol });
    expect(route("GET", path)).toBe("methodNotAllowed");
  });
  it("reads the model from Azure's path", () => {
    expect(route("POST", "/openai/deployments/az%2Fgpt-4o/chat/completions")).toEqual({
      kind: "operation",
      operation: "chat",
      protocol: "chat",
      deployment: "az/gpt-4o",
    });
  });
  it("reads it also where the id's slash was not encoded, as Copilot CLI sends it", () => {
    expect(route("POST", "/openai/deployments/az/gpt-4o/chat/completions")).toMatchObject({
      deployment: "az/gpt-4o",
    });
  });
  it("lists models in the client's shape, ids with slashes included", () => {
    expect(route("GET", "/v1/models")).toEqual({ kind: "models", protocol: "chat" });
    expect(route("GET", "/v1/models", true)).toEqual({ kind: "models", protocol: "messages" });
    expect(route("GET", "/anthropic/v1/models")).toEqual({ kind: "models", protocol: "messages" });
    expect(route("GET", "/v1/models/openai/gpt-4o")).toEqual({
      kind: "models",
      protocol: "chat",
      id: "openai/gpt-4o",
    });
    expect(route("GET", "/v1/models/openai%2Fgpt-4o")).toEqual({
      kind: "models",
      protocol: "chat",
      id: "openai/gpt-4o",
    });
  });
  it.each([
    "/",
    "/v1",
    "/v2/chat/completions",
    "//v1/chat/completions",
    "/v1/../health",
    "/v1/constructor",
    "/v1/models/%zz",
    "/openai/deployments/%zz/chat/completions",
  ])("knows nothing at %s", (path) => {
    expect(route("POST", path)).toBe("notFound");
  });
});
