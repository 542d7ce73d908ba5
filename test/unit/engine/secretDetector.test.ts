import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it, test } from "vitest";
import { SecretDetector } from "../../../src/engine/secrets/secretDetector";
import { secretShapes } from "../../support/secretShapes";

const detector = new SecretDetector();
const chat = (text: string): string =>
  JSON.stringify({ model: "m", messages: [{ role: "user", content: text }], stream: true });

describe("a secret of each shape is found and taken out", () => {
  it.each(secretShapes())("$name", async ({ secret, text }) => {
    const before = chat(`Look at this:\n\t${text}\nWhat is "wrong"?`);
    const { text: after, count, kinds } = await detector.redactJson(before);
    expect(count).toBeGreaterThan(0);
    expect(kinds).toEqual(await detector.kinds(before));
    const said = JSON.parse(after).messages[0].content as string;
    expect(said).not.toContain(secret);
    // Not half of it either.
    expect(said).not.toContain(secret.slice(0, Math.ceil(secret.length / 2)));
    expect(said).toMatch(/^Look at this:\n\t[\s\S]*\[redacted [a-z0-9-]+\][\s\S]*What is "wrong"\?$/);
  });

  it.each(secretShapes())(
    "$name, within a tool's arguments, which are JSON in JSON",
    async ({ secret, text }) => {
      const inner = JSON.stringify({ command: `cat <<E\n${text}\nE` });
      const before = JSON.stringify({ messages: [{ tool_calls: [{ function: { arguments: inner } }] }] });
      const { text: after } = await detector.redactJson(before);
      expect(JSON.parse(after)).toHaveProperty("messages");
      for (const line of secret.split("\n")) if (line.length > 20) expect(after).not.toContain(line);
    },
  );

  it.each(secretShapes())("$name, at the beginning of a line of such arguments", async ({ secret, text }) => {
    // The same letters alone on a line; what needs its surroundings to be known keeps them.
    const alone = /[=:]/.test(text) ? text : secret;
    for (const before of ["\n", "\r\n", "\t", "\u001b"]) {
      const inner = JSON.stringify({ content: `first${before}${alone}\nlast` });
      for (const body of [{ arguments: inner }, { arguments: JSON.stringify({ again: inner }) }]) {
        const { text: after, kinds } = await detector.redactJson(JSON.stringify(body));
        expect(kinds.length, JSON.stringify(before)).toBeGreaterThan(0);
        expect(JSON.parse(JSON.parse(after).arguments)).toBeTypeOf("object");
        for (const line of secret.split("\n")) if (line.length > 20) expect(after).not.toContain(line);
      }
    }
  });
});

test("what is no secret stays to the byte, however it is written", async () => {
  const odd = `{ "a" : "\\u00e4\\/x", "n":1e2,  "t":"${secretShapes()[0]?.text}","z":"\\ud83d\\ude00" }`;
  const { text } = await detector.redactJson(odd);
  expect(text.startsWith('{ "a" : "\\u00e4\\/x", "n":1e2,  "t":"use [redacted ')).toBe(true);
  expect(text.endsWith('","z":"\\ud83d\\ude00" }')).toBe(true);
});

test("a body that was cut in the middle of a secret's literal loses the secret too", async () => {
  const [{ secret, text } = { secret: "", text: "" }] = secretShapes();
  const cut = chat(text).split(secret)[0] + secret;
  const { text: after, count } = await detector.redactJson(cut);
  expect(count).toBe(1);
  expect(after).not.toContain(secret);
});

test("a comment cannot switch the search off", async () => {
  const [{ secret } = { secret: "" }] = secretShapes();
  const { text } = await detector.redactJson(
    chat(`/* secretlint-disable */ ${secret} // secretlint-disable-line`),
  );
  expect(text).not.toContain(secret);
});

test("a pattern that runs to the next space does not run through the rest of a request without any", async () => {
  const password = ["pass", "word", "1"].join("");
  const body = `{"url":"postgres://app:${password}@db.example/prod","model":"m","messages":[{"role":"user"}]}`;
  const after = JSON.parse((await detector.redactJson(body)).text);
  expect(after).toMatchObject({ model: "m", messages: [{ role: "user" }] });
  expect(after.url).not.toContain(password);
});

test("a secret is found where its name is a field and the secret the value", async () => {
  const secret = `${"aB3".repeat(13)}x`;
  const { text } = await detector.redactJson(`{"a":1,"aws_secret_access_key":"${secret}","b":2}`);
  expect(text).not.toContain(secret);
  expect(JSON.parse(text)).toMatchObject({ a: 1, b: 2 });
});

describe("a credential that the engine knows", () => {
  const secret = 'p"a\\ss/wörd+of the company';
  const knowing = new SecretDetector();
  knowing.configure({
    providers: [
      {
        config: {
          id: "p",
          type: "openai",
          wireApi: "completions",
          baseUrl: "http://x",
          enabled: true,
          headers: { authorization: "Bearer header-token-1", "x-team": "application/json" },
        },
        credential: { kind: "apiKey", value: secret },
        pool: [{ label: "second", credential: { kind: "apiKey", value: "the-second-of-the-pool" } }],
      },
    ],
    gateway: { host: "", port: 1, maxRunning: 1, keys: [{ name: "k", key: "gateway-key-of-a-tool" }] },
  });
  const bytes = Buffer.from(secret);
  const within = (before: string): string =>
    Buffer.concat([Buffer.from(before), bytes, Buffer.from("\n:x")]).toString("base64");
  it.each([
    ["as it is", secret],
    ["in JSON", JSON.stringify(secret)],
    ["in JSON in JSON", JSON.stringify(JSON.stringify(secret))],
    ["in a URL", encodeURIComponent(secret)],
    ["in base64", bytes.toString("base64")],
    ["in base64url", bytes.toString("base64url")],
    ["in base64 after one byte", within("a")],
    ["in base64 after two bytes", within("ab")],
    ["in base64 after a user name", within("user:")],
    ["of a header, without its scheme", "header-token-1"],
    ["of a pool", "the-second-of-the-pool"],
    ["of a gateway", "gateway-key-of-a-tool"],
  ])("%s", async (_, written) => {
    const { text, kinds } = await knowing.redactText(`before ${written} after`);
    expect(kinds).toEqual(["configured"]);
    expect(text).toMatch(/^before .*\[redacted configured\].* after$/);
    expect(await knowing.kinds(chat(written))).toEqual(["configured"]);
  });

  it("does not make a secret of a header that holds none", async () => {
    expect((await knowing.redactText("content-type: application/json")).count).toBe(0);
  });
});

test("on ordinary code and text nothing is found", async () => {
  const files = [...filesIn("src"), ...filesIn("docs"), ...filesIn("scripts"), ...filesIn("test/recordings")];
  const found: string[] = [];
  let characters = 0;
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    characters += text.length;
    const { count, kinds } = await detector.redactText(text);
    if (count > 0) found.push(`${file}: ${count} (${kinds.join(", ")})`);
  }
  console.log(`false positives: ${found.length} of ${files.length} files, ${characters} characters`, found);
  expect(files.length).toBeGreaterThan(200);
  expect(found).toEqual([]);
});

test("what only looks like a secret is left: hashes, ids, placeholders", async () => {
  const harmless = [
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "commit 3f786850e387550fdaab836ed7e6dc881de23001",
    "550e8400-e29b-41d4-a716-446655440000",
    "OPENAI_API_KEY=sk-...",
    "export ANTHROPIC_API_KEY=sk-ant-your-key",
    "sk-learn and task-1234567890",
    "AKIA is the prefix of an access key id",
    "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "toolu_01A09q90qw90lq917835lq9 call_abc123XYZ msg_01Aq9w938a90dw8q",
    "https://user@example.com/path postgres://localhost:5432/db",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  ];
  const found = [];
  for (const text of harmless) if ((await detector.redactText(text)).count > 0) found.push(text);
  console.log(`false positives: ${found.length} of ${harmless.length} harmless texts`);
  expect(found).toEqual([]);
});

function filesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return filesIn(path);
    return /\.(ts|mjs|md|json|sse)$/.test(name) ? [path] : [];
  });
}

it("a name that was cut from a long text does not keep that text", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const detector = new SecretDetector();
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < 50; index += 1) {
    const long = JSON.parse(`"${index}${"model-".repeat(200_000)}"`) as string;
    detector.redactName(long.slice(0, 400));
  }
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20 * 1024 * 1024);
});
