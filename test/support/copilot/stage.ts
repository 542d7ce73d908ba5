import { existsSync } from "node:fs";
import { join } from "node:path";
import { Gateway, type GatewayOptions, root } from "../gateway";
import { eventually } from "../waiting";
import { FakeGitHub } from "./fakeGitHub";

export const FAKE_RUNTIME = join(import.meta.dirname, "fakeRuntime.js");
/** The runtime of the SDK's own package, where the tests' script could install it. */
export const REAL_RUNTIME = join(
  root,
  ".vscode-test",
  "copilot-sdk-1.0.14",
  "node_modules",
  "@github",
  `copilot-sdk-${process.platform}-${process.arch}`,
  "prebuilds",
  `${process.platform}-${process.arch}`,
  process.platform === "win32" ? "copilot-runtime.exe" : "copilot-runtime",
);

/** The runtimes that can be tested with; the real one only where its package is there. */
export const RUNTIMES = [
  { name: "a fake runtime", path: FAKE_RUNTIME },
  ...(existsSync(REAL_RUNTIME) ? [{ name: "the real runtime", path: REAL_RUNTIME }] : []),
];

export const ONE = "gho_oneoneoneoneoneone1111";
export const TWO = "github_pat_twotwotwotwotwo2222";

export interface StageOptions {
  readonly runtime: string;
  /** Tokens by label; in the order of the pool. */
  readonly accounts?: Readonly<Record<string, string>>;
  readonly provider?: Record<string, unknown>;
  readonly gateway?: GatewayOptions["gateway"];
  readonly config?: Record<string, unknown>;
  readonly dataDir?: string;
}

/** A gateway with a Copilot subscription whose GitHub is on this machine. */
export class CopilotStage {
  private constructor(
    readonly github: FakeGitHub,
    readonly gateway: Gateway,
  ) {}

  static async start(options: StageOptions, github?: FakeGitHub): Promise<CopilotStage> {
    const hub = github ?? (await newGitHub());
    const { accounts = { one: ONE }, provider, gateway, config, dataDir } = options;
    const env = Object.fromEntries(
      Object.entries(accounts).map(([label, token]) => [`TOKEN_${label.toUpperCase()}`, token]),
    );
    const started = await Gateway.start({
      providers: [
        {
          id: "copilot",
          type: "copilot",
          baseUrl: hub.url,
          copilot: { acceptedTerms: true, cliPath: options.runtime },
          credentials: Object.keys(accounts).map((label) => ({
            kind: "env",
            label,
            name: `TOKEN_${label.toUpperCase()}`,
          })),
          ...provider,
        },
      ],
      env,
      ...(gateway ? { gateway } : {}),
      ...(config ? { config } : {}),
      ...(dataDir ? { dataDir } : {}),
    });
    return new CopilotStage(hub, started);
  }

  async ids(): Promise<string[]> {
    const { data } = (await (await this.gateway.fetch("/v1/models")).json()) as { data: { id: string }[] };
    return data.map(({ id }) => id);
  }

  chat(body: object, headers: Record<string, string> = {}): Promise<Response> {
    return this.gateway.post(
      "/v1/chat/completions",
      { model: "gpt-5-mini", messages: [{ role: "user", content: "hello" }], ...body },
      headers,
    );
  }

  /** The figures of an account, when they say how many premium requests are left. */
  quota(account: string, remaining: number): Promise<unknown> {
    return eventually(async () => {
      const { data } = (await (await this.gateway.fetch("/v1/quota")).json()) as {
        data: { account: string; remaining: number }[];
      };
      return data.find((one) => one.account === account && one.remaining === remaining);
    }, `${remaining} left of ${account}`);
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    this.github.stop();
  }
}

export async function newGitHub(): Promise<FakeGitHub> {
  const github = await new FakeGitHub().start();
  github.accounts.set(ONE, { login: "octo-one", entitlement: 300, used: 10 });
  github.accounts.set(TWO, { login: "octo-two", entitlement: 1500, used: 700 });
  return github;
}
