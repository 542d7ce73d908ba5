import type { ConfigProblem } from "../../config/problems";
import type { ProviderConfig } from "../../config/schema";
import type { TestResult } from "../../rpc/contract";
import type { EngineFacts } from "../facts";

/** What a diagnosis is made of, as it was gathered. Nothing in it is a secret but what `scrubbed` takes out. */
export interface DiagnosisInputs {
  /** Milliseconds since the epoch. */
  readonly takenAt: number;
  readonly surroundings: Surroundings;
  readonly engine: EngineInput;
  readonly gateway: GatewayInput;
  readonly gatewayKeys: readonly { readonly name: string; readonly fault?: string }[];
  readonly providers: readonly ProviderInput[];
  /** Of settings other than the lists. */
  readonly settingsProblems: readonly ConfigProblem[];
  readonly network: NetworkInput;
  /** Looks a variable of the extension host up. */
  readonly environment: (name: string) => string | undefined;
}

export interface Surroundings {
  /** The extension's version. */
  readonly postern: string;
  readonly vscode: string;
  /** Of the extension host's Node. */
  readonly node: string;
  /** Like `linux x64 6.1.0`. */
  readonly system: string;
  /** Like `desktop` or `web, remote: ssh-remote`. */
  readonly host: string;
}

export type EngineInput =
  | { readonly kind: "running"; readonly facts: EngineFacts }
  | { readonly kind: "absent"; readonly why: string };

/** How the gateway answered a real request over HTTP. */
export type GatewayInput =
  | { readonly kind: "stopped" }
  /** It listens, and accepts no gateway key. */
  | { readonly kind: "keyless"; readonly url: string }
  | {
      readonly kind: "answered";
      readonly url: string;
      readonly status: number;
      readonly latencyMs: number;
      /** False: only `/health` was asked, since no gateway key is known here as a whole. */
      readonly withKey: boolean;
    }
  | { readonly kind: "silent"; readonly url: string; readonly code: string }
  | {
      readonly kind: "failed";
      readonly code: string;
      readonly message: string;
      readonly port: number;
      readonly owner?: PortOwner;
    };

/** Who listens on the port that the gateway wants. */
export interface PortOwner {
  /** Another gateway of Postern's, of another profile or another user perhaps. */
  readonly posternVersion?: string;
  /** Its process, where the system tells. */
  readonly process?: { readonly name: string; readonly pid: number };
}

export type ProviderInput =
  | {
      readonly kind: "usable";
      readonly id: string;
      readonly index: number;
      readonly type: ProviderConfig["type"];
      readonly wireApi: ProviderConfig["wireApi"];
      readonly baseUrl: string;
      readonly enabled: boolean;
      /** Where its credential is from, never the credential. */
      readonly credential: string;
      /** How many models are offered of it. */
      readonly models: number;
      /** Absent where it was not tested. */
      readonly test?: TestResult;
    }
  | {
      readonly kind: "faulty";
      readonly id: string;
      readonly index: number;
      readonly problems: readonly ConfigProblem[];
    };

export interface NetworkInput {
  /** Where the proxy's address is from; absent: there is none. */
  readonly proxyFrom?: "settings" | "environment";
  /** VS Code's `http.proxySupport` is `off`: nothing goes through a proxy. */
  readonly proxyOff: boolean;
  /** VS Code's `http.proxyStrictSSL`. */
  readonly strictSsl: boolean;
  /** How many hosts bypass the proxy. */
  readonly bypassed: number;
}
