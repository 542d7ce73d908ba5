import { describe, expect, test } from "vitest";
import { addressFinding, neighbouringAddresses } from "../../../src/core/diagnosis/addressFinding";
import { concernOf, type FindingCode, type Remedy } from "../../../src/core/diagnosis/finding";
import { networkFinding } from "../../../src/core/diagnosis/networkFinding";
import { networkFault } from "../../../src/core/providers/networkFault";

const remote = { id: "work", baseUrl: "https://api.example.com/v1" };
const local = (port: number, id = "mine") => ({ id, baseUrl: `http://localhost:${port}/v1` });

describe("why a provider could not be reached", () => {
  test.each<[string, { id: string; baseUrl: string }, FindingCode, RegExp, Remedy["kind"]]>([
    ["ENOTFOUND", remote, "host_not_found", /api\.example\.com was not found/, "changeAddress"],
    ["EAI_AGAIN", remote, "host_not_found", /VPN/, "changeAddress"],
    ["POSTERN_METADATA", remote, "metadata_address", /hand out a machine's own credentials/, "changeAddress"],
    ["ECONNREFUSED", remote, "nothing_listens", /Nothing answers at api\.example\.com:443/, "changeAddress"],
    ["ECONNREFUSED", local(9999), "nothing_listens", /localhost:9999\. Start the server/, "changeAddress"],
    ["ECONNREFUSED", local(11434), "runtime_not_running", /ollama serve/, "startRuntime"],
    ["ECONNREFUSED", local(1234), "runtime_not_running", /lms server start/, "startRuntime"],
    [
      "ECONNREFUSED",
      local(5273, "foundry-local"),
      "runtime_not_running",
      /foundry service status/,
      "startRuntime",
    ],
    ["ECONNREFUSED", local(7777, "ollama-2"), "runtime_not_running", /ollama serve/, "startRuntime"],
    ["ETIMEDOUT", remote, "unreachable", /no connection to api\.example\.com:443/, "changeAddress"],
    ["UND_ERR_CONNECT_TIMEOUT", remote, "unreachable", /VPN/, "changeAddress"],
    ["UND_ERR_HEADERS_TIMEOUT", remote, "timed_out", /stopped answering/, "tryAgain"],
    ["UND_ERR_BODY_TIMEOUT", remote, "timed_out", /stopped answering/, "tryAgain"],
    ["UND_ERR_SOCKET", remote, "connection_closed", /closed the connection/, "tryAgain"],
    ["", remote, "connection_closed", /no reason given/, "tryAgain"],
    ["HPE_INVALID_CONSTANT", local(22), "not_an_api", /does not speak HTTP/, "changeAddress"],
    ["UND_ERR_INVALID_ARG", remote, "key_malformed", /key or a header/, "setKey"],
    [
      "SELF_SIGNED_CERT_IN_CHAIN",
      remote,
      "tls_untrusted",
      /company proxy.*NODE_EXTRA_CA_CERTS/,
      "openSettings",
    ],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", remote, "tls_untrusted", /certificate store/, "openSettings"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", remote, "tls_untrusted", /certificate store/, "openSettings"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", remote, "tls_self_signed", /self-signed/, "openSettings"],
    ["CERT_HAS_EXPIRED", remote, "tls_expired", /clock/, "tryAgain"],
    ["CERT_NOT_YET_VALID", remote, "tls_not_yet_valid", /clock/, "tryAgain"],
    [
      "ERR_TLS_CERT_ALTNAME_INVALID",
      remote,
      "tls_wrong_host",
      /another host than api\.example/,
      "changeAddress",
    ],
    ["EPROTO", remote, "tls_not_spoken", /http:\/\/ instead of https:\/\//, "changeAddress"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", remote, "tls_not_spoken", /does not speak TLS/, "changeAddress"],
    ["CERT_REVOKED", remote, "tls_failed", /CERT_REVOKED/, "openSettings"],
    ["PROXY_ECONNREFUSED", remote, "proxy_unreachable", /proxy could not be reached/, "openSettings"],
    ["PROXY_ENOTFOUND", remote, "proxy_unreachable", /http\.proxy/, "openSettings"],
    ["PROXY_STATUS_407", remote, "proxy_key_needed", /user name and a password/, "openSettings"],
    ["PROXY_STATUS_403", remote, "proxy_refused", /refused to connect to api\.example/, "openSettings"],
    ["PROXY_EPROTO", remote, "proxy_tls", /http:\/\/ or https:\/\//, "openSettings"],
    ["PROXY_SELF_SIGNED_CERT_IN_CHAIN", remote, "proxy_tls", /TLS check/, "openSettings"],
  ])("%s of %j is %s", (code, provider, expected, says, button) => {
    const found = networkFinding(provider, code);
    expect(found.code).toBe(expected);
    expect(found.sentence).toMatch(says);
    expect(found.remedies[0]?.kind).toBe(button);
  });

  test("a server on this machine without TLS gets its address in plain", () => {
    const { remedies } = networkFinding({ id: "x", baseUrl: "https://localhost:8000/v1" }, "EPROTO");
    expect(remedies[0]).toEqual({ kind: "changeAddress", baseUrl: "http://localhost:8000/v1" });
    // Elsewhere it would send the key in plain.
    expect(networkFinding(remote, "EPROTO").remedies[0]).toEqual({ kind: "changeAddress" });
  });

  test("a client is told the same, with the provider's name", () => {
    const fault = networkFault(remote, "SELF_SIGNED_CERT_IN_CHAIN");
    expect([fault.code, fault.status]).toEqual(["provider_tls", 502]);
    expect(fault.message).toMatch(/^Provider "work": api\.example\.com:443 did not pass the TLS check/);
    expect(networkFault(remote, "UND_ERR_BODY_TIMEOUT").status).toBe(504);
    expect(networkFault(remote, "UND_ERR_DESTROYED")).toMatchObject({
      code: "not_ready",
      retryAfterSeconds: 1,
    });
  });

  test("what it is about", () => {
    const concern = (code: string) => concernOf(networkFinding(remote, code));
    expect([concern("ENOTFOUND"), concern("UND_ERR_INVALID_ARG"), concern("UND_ERR_BODY_TIMEOUT")]).toEqual([
      "address",
      "key",
      "time",
    ]);
    expect(concern("PROXY_STATUS_407")).toBe("other");
  });
});

describe("what an address says about itself", () => {
  test.each([
    ["azure", "https://me.openai.azure.com/openai/v1", { kind: "changeType", type: "openai" }],
    ["azure", "https://me.services.ai.azure.com/anthropic", { kind: "changeType", type: "anthropic" }],
    [
      "openai",
      "https://me.openai.azure.com",
      { kind: "changeType", type: "azure", baseUrl: "https://me.openai.azure.com" },
    ],
    [
      "anthropic",
      "https://me.services.ai.azure.com",
      { kind: "changeType", type: "azure", baseUrl: "https://me.services.ai.azure.com" },
    ],
  ] as const)("%s at %s: the type to use", (type, baseUrl, remedy) => {
    const found = addressFinding({ type, baseUrl });
    expect(found).toMatchObject({
      code: "wrong_type",
      sentence: expect.stringContaining(`type "${remedy.type}"`),
    });
    expect(found?.remedies[0]).toEqual(remedy);
  });

  test.each([
    ["azure", "https://me.openai.azure.com/openai/deployments/x/chat/completions"],
    ["openai", "https://user:hunter22@api.example.com/v1"],
    ["openai", "nonsense"],
  ] as const)("%s at %s: the address", (type, baseUrl) => {
    const found = addressFinding({ type, baseUrl });
    expect(found).toMatchObject({ code: "wrong_path", remedies: [{ kind: "changeAddress" }] });
    expect(found?.sentence).not.toContain("hunter22");
  });

  test("nothing, where it may be right", () => {
    expect(
      addressFinding({ type: "openai", baseUrl: "https://me.openai.azure.com/openai/v1" }),
    ).toBeUndefined();
  });
});

describe("where an API may be instead", () => {
  test.each([
    [
      "https://x.example/v1/v1",
      ["https://x.example/v1", "https://x.example/api/v1", "https://x.example/openai/v1"],
    ],
    ["https://x.example", ["https://x.example/api/v1", "https://x.example/openai/v1"]],
    [
      "https://x.example/llm",
      [
        "https://x.example/v1",
        "https://x.example/api/v1",
        "https://x.example/openai/v1",
        "https://x.example/llm/api/v1",
        "https://x.example/llm/openai/v1",
      ],
    ],
  ])("%s", (baseUrl, expected) => {
    expect(neighbouringAddresses(baseUrl)).toEqual(expected);
  });

  test("never on another host", () => {
    const found = neighbouringAddresses("https://x.example:8443/v2/v2");
    expect(found.every((url) => url.startsWith("https://x.example:8443/"))).toBe(true);
  });
});
