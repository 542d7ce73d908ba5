import { beforeEach, describe, expect, it } from "vitest";
import { type ProviderConfig, providerSchema } from "../../../src/core/config/schema";
import { AskedCredentials, type AskReason } from "../../../src/core/credentials/askedCredentials";
import type { AskedCredential, CredentialOutcome } from "../../../src/core/credentials/resolve";
import { FakeClock, idle } from "../../support/fakeClock";

const MINUTE = 60_000;
const credential: AskedCredential = {
  kind: "command",
  command: ["az"],
  as: "bearerToken",
  timeoutSeconds: 30,
};
const provider: ProviderConfig = providerSchema.parse({
  id: "azure",
  type: "openai",
  baseUrl: "https://a.example/v1",
  credentials: [credential],
});

describe("credentials that have to be asked for", () => {
  let clock: FakeClock;
  let answers: CredentialOutcome[];
  let reasons: AskReason[];
  let changes: number;
  let asked: AskedCredentials;

  beforeEach(() => {
    clock = new FakeClock();
    answers = [];
    reasons = [];
    changes = 0;
    asked = new AskedCredentials(
      async (_, __, reason) => {
        reasons.push(reason);
        return answers.shift() ?? { kind: "missing", reason: "no more answers" };
      },
      clock,
      () => changes++,
    );
  });

  const now = () => {
    const outcome = asked.asked(provider, credential, "az");
    return outcome.kind === "missing"
      ? `missing: ${outcome.reason}`
      : outcome.kind === "none"
        ? "none"
        : outcome.value;
  };
  const token = (value: string, minutes?: number): CredentialOutcome => ({
    kind: "bearerToken",
    value,
    ...(minutes === undefined ? {} : { expiresAt: clock.now() + minutes * MINUTE }),
  });

  it("are asked for once, and are there when the answer is", async () => {
    answers = [token("t1")];
    expect(now()).toBe("missing: it is being asked for");
    now();
    await asked.settled(1000);
    expect(now()).toBe("t1");
    expect(reasons).toEqual(["first"]);
    expect(changes).toBe(1);
    await clock.pass(24 * 60 * MINUTE);
    expect(reasons).toEqual(["first"]);
  });

  it("that have ended already are not asked for without end", async () => {
    for (let at = 0; at < 50; at++) answers.push(token(`old-${at}`, -1));
    for (let turn = 0; turn < 20; turn++) {
      now();
      await asked.settled(1000);
    }
    expect(reasons).toHaveLength(1);
    expect(now()).toMatch(/has ended already; check .* clock/);
    answers = [token("new", 60)];
    await clock.pass(6 * MINUTE);
    expect(now()).toBe("new");
    expect(reasons).toHaveLength(2);
  });

  it("are not asked for by who only wants to know what is there", async () => {
    expect(asked.known(provider, credential, "az")).toMatchObject({ kind: "missing", why: "idle" });
    expect(reasons).toEqual([]);
    answers = [token("t1", 60)];
    now();
    await idle();
    expect(asked.known(provider, credential, "az")).toMatchObject({ value: "t1" });
    clock.sleep(120 * MINUTE);
    expect(asked.known(provider, credential, "az")).toMatchObject({ why: "idle" });
  });

  it("are renewed before they end, and the old one serves until then", async () => {
    answers = [token("t1", 60), { kind: "bearerToken", value: "t2", expiresAt: clock.now() + 120 * MINUTE }];
    now();
    await idle();
    await clock.pass(54 * MINUTE);
    expect(now()).toBe("t1");
    await clock.pass(2 * MINUTE);
    expect(now()).toBe("t2");
    expect(reasons).toEqual(["first", "expiring"]);
  });

  it("serve on while they are good and no other can be had, and then not a moment longer", async () => {
    answers = [token("t1", 60)];
    now();
    await idle();
    await clock.pass(59 * MINUTE);
    expect(reasons.length).toBeGreaterThan(2);
    expect(now()).toBe("t1");
    await clock.pass(2 * MINUTE);
    expect(now()).toMatch(/^missing/);
  });

  it("that ended while the machine slept are not used, and asked for at once", async () => {
    answers = [token("t1", 60), token("t2")];
    now();
    await idle();
    clock.sleep(8 * 60 * MINUTE);
    expect(now()).toBe("missing: it is being asked for");
    await idle();
    expect(now()).toBe("t2");
  });

  it("are asked for again where a provider has refused them, and it is said whether that helped", async () => {
    answers = [token("t1"), token("t2"), token("t2")];
    now();
    await idle();
    expect(await asked.renew("azure", "az", "refused")).toBe(true);
    expect(now()).toBe("t2");
    expect(await asked.renew("azure", "az", "refused")).toBe(false);
    expect(await asked.renew("other", "az", "refused")).toBe(false);
    expect(asked.knows("azure", "az")).toBe(true);
    expect(asked.knows("azure", "key")).toBe(false);
  });

  it("that wait for the person are left alone, others tried again", async () => {
    answers = [{ kind: "missing", reason: "confirm it", why: "consent" }];
    now();
    await idle();
    await clock.pass(60 * MINUTE);
    expect(reasons).toEqual(["first"]);
    answers = [token("t1")];
    await asked.retry((_, __, why) => why === "consent");
    expect(now()).toBe("t1");
    asked.dispose();
    answers = [{ kind: "missing", reason: "offline" }, token("t3")];
    now();
    await idle();
    await clock.pass(6 * MINUTE);
    expect(now()).toBe("t3");
  });

  it("of an account that the person has signed out of are not used a moment longer, others serve on", async () => {
    answers = [token("t1")];
    now();
    await idle();
    answers = [{ kind: "missing", reason: "could not be asked", why: "signIn", unsure: true }];
    await asked.recheck(() => true);
    expect(now()).toBe("t1");
    answers = [{ kind: "missing", reason: "signed out", why: "signIn" }];
    await asked.recheck(({ id }) => id === "another");
    expect(now()).toBe("t1");
    await asked.recheck(() => true);
    expect(now()).toBe("missing: signed out");
    expect(reasons).toEqual(["first", "account", "account"]);
  });

  it("that are being asked for while the person signs out are asked for anew", async () => {
    answers = [token("of before"), { kind: "missing", reason: "signed out", why: "signIn" }];
    now();
    await asked.recheck(() => true);
    expect(now()).toBe("missing: signed out");
  });

  it("of a provider that has gone, moved or was disabled are forgotten", async () => {
    for (const next of [
      [],
      [{ ...provider, enabled: false }],
      [{ ...provider, baseUrl: "https://b.example" }],
      [{ ...provider, credentials: [{ ...credential, command: ["other"] }] }],
    ]) {
      answers = [token("t1", 60)];
      now();
      await idle();
      expect(now()).toBe("t1");
      asked.keepOnly(next);
      expect(now()).toBe("missing: it is being asked for");
      await idle();
      asked.keepOnly([]);
    }
    asked.keepOnly([provider]);
  });

  it("whose asking fails in an unforeseen way are missing, and nothing breaks", async () => {
    const failing = new AskedCredentials(
      () => Promise.reject(new Error("secret")),
      clock,
      () => {},
    );
    failing.asked(provider, credential, "az");
    await failing.settled(1000);
    expect(failing.asked(provider, credential, "az")).toEqual({
      kind: "missing",
      reason: "it could not be asked for",
    });
  });
});
