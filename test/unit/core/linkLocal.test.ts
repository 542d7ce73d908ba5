import { describe, expect, it } from "vitest";
import { checkProviders } from "../../../src/core/config/parse";
import { isMetadataHost } from "../../../src/core/providers/linkLocal";

describe("an address at which clouds hand out credentials", () => {
  it.each([
    "169.254.169.254",
    "169.254.1.1",
    "168.63.129.16",
    "100.100.100.200",
    "[fe80::1]",
    "fe80::1%eth0",
    "febf::1",
    "[fd00:ec2::254]",
    "[fd00:ec2::23]",
    "[fd20:ce::254]",
    "[fd00:42::42]",
    "192.0.0.192",
    "::ffff:169.254.169.254",
    "[::ffff:a9fe:a9fe]",
    "[::a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[::ffff:0:a9fe:a9fe]",
    "[2002:a9fe:a9fe::1]",
    "instance-data.ec2.internal",
    "metadata.tencentyun.com",
    "metadata.google.internal",
    "METADATA.google.internal.",
  ])("%s is one", (host) => expect(isMetadataHost(host)).toBe(true));

  it.each([
    "127.0.0.1",
    "[::1]",
    "10.0.0.1",
    "192.168.1.2",
    "api.openai.com",
    "fec0::1",
    "169.25.4.1",
    "::ffff:10.0.0.1",
    "[64:ff9b::a00:1]",
    "[2001:db8::a9fe:a9fe]",
    "[2002:a00:1::a9fe:a9fe]",
    "instance-data.example.com",
  ])("%s is none", (host) => expect(isMetadataHost(host)).toBe(false));

  it.each([
    "http://169.254.169.254/latest",
    "http://2852039166/v1",
    "http://0xa9fea9fe/v1",
    "http://0251.0376.0251.0376/v1",
    "http://[::ffff:169.254.169.254]/v1",
    "http://[64:ff9b::169.254.169.254]/v1",
    "http://169.254.169.254./v1",
    "http://169.254.43518/v1",
    "https://metadata.google.internal/v1",
  ])("is refused as a provider's address however it is written: %s", (baseUrl) => {
    const entry = { id: "a", type: "openai", baseUrl };
    const [refused] = checkProviders([entry], "settings");
    expect(refused).toMatchObject({ ok: false, problems: [{ path: "providers[0].baseUrl" }] });
    const [allowed] = checkProviders([{ ...entry, allowMetadataAddress: true }], "settings");
    expect(allowed?.ok).toBe(true);
  });
});
