import type { ProviderConfig } from "../../core/config/schema";
import { accountRequest } from "../../core/credentials/accounts";
import { AskedCredentials, type Clock } from "../../core/credentials/askedCredentials";
import type { ProgramHost } from "../../core/credentials/commandLine";
import { tokenExpiry } from "../../core/credentials/expiry";
import type { AskedCredential, CredentialOutcome } from "../../core/credentials/resolve";
import { askCommand, type RunProgram } from "../../core/credentials/tokenCommand";
import type { Log } from "../common/log";
import type { Consents } from "./consents";

/** The part of `vscode.authentication` that is used here. */
export interface Accounts {
  getSession(
    provider: string,
    scopes: readonly string[],
    options: { silent?: boolean; createIfNone?: boolean; account?: Account },
  ): Thenable<{ readonly accessToken: string } | undefined>;
  getAccounts(provider: string): Thenable<readonly Account[]>;
}

interface Account {
  readonly id: string;
  readonly label: string;
}

type AccountCredential = Extract<AskedCredential, { kind: "entra" | "github" }>;

/** What the credentials of a window are made with. */
export interface WindowCredentialParts {
  readonly consents: Consents;
  readonly accounts: Accounts;
  readonly host: ProgramHost;
  readonly run: RunProgram;
  readonly clock: Clock;
  readonly log: Log;
}

const NOT_CONFIRMED: CredentialOutcome = {
  kind: "missing",
  reason: "the command has not been confirmed on this machine",
  why: "consent",
};

/** The credentials that this window gets from programs and from VS Code's accounts. */
export class WindowCredentials {
  readonly asked: AskedCredentials;

  /** @param changed called when a credential has come, gone or changed */
  constructor(
    private readonly parts: WindowCredentialParts,
    changed: () => void,
  ) {
    const ask = (provider: ProviderConfig, credential: AskedCredential) => this.ask(provider, credential);
    this.asked = new AskedCredentials(ask, parts.clock, changed);
  }

  /** Another window may have asked the person meanwhile. */
  recheck(): void {
    void this.asked.retry(
      (provider, credential, why) => why === "consent" && this.parts.consents.has(provider, credential),
    );
  }

  /** Somebody has signed in or out. */
  accountsChanged(): void {
    void this.asked.recheck((_, { kind }) => kind !== "command");
  }

  /** The person lets a command be run, or an account's token go to an address. */
  async confirm(provider: ProviderConfig, credential: AskedCredential): Promise<void> {
    await this.parts.consents.give(provider, credential);
    await this.asked.retry((_, other) => JSON.stringify(other) === JSON.stringify(credential));
  }

  /** Lets the person sign in, which VS Code does. */
  async signIn(provider: ProviderConfig, credential: AccountCredential): Promise<void> {
    const { provider: issuer, scopes } = accountRequest(provider, credential);
    await this.parts.accounts.getSession(issuer, scopes, { createIfNone: true });
    await this.asked.retry((_, { kind }) => kind === credential.kind);
  }

  private async ask(provider: ProviderConfig, credential: AskedCredential): Promise<CredentialOutcome> {
    const { consents, host, run, clock, log } = this.parts;
    if (!consents.has(provider, credential))
      return credential.kind === "command" ? NOT_CONFIRMED : notAllowed(provider);
    const outcome =
      credential.kind === "command"
        ? await askCommand(credential, host, run, () => clock.now())
        : await this.askAccount(provider, credential);
    if (outcome.kind === "missing") log.warn(`provider "${provider.id}": ${outcome.reason}`);
    else log.debug(`provider "${provider.id}": got its credential (${credential.kind})`);
    return outcome;
  }

  private async askAccount(
    provider: ProviderConfig,
    credential: AccountCredential,
  ): Promise<CredentialOutcome> {
    const { accounts } = this.parts;
    const { provider: issuer, scopes } = accountRequest(provider, credential);
    const name = credential.kind === "entra" ? "Microsoft" : "GitHub";
    const signIn = (reason: string) => ({ kind: "missing", reason, why: "signIn" }) as const;
    try {
      let account: Account | undefined;
      if (credential.account !== undefined) {
        account = (await accounts.getAccounts(issuer)).find(({ label }) => label === credential.account);
        if (!account) return signIn(`the ${name} account ${credential.account} is not signed in`);
      }
      const session = await accounts.getSession(issuer, scopes, {
        silent: true,
        ...(account ? { account } : {}),
      });
      if (!session) return signIn(`nobody is signed in with a ${name} account`);
      const { accessToken: value } = session;
      const expiresAt = tokenExpiry(value);
      return { kind: "bearerToken", value, ...(expiresAt === undefined ? {} : { expiresAt }) };
    } catch {
      // That nobody is signed in is not known, though signing in may help.
      return { ...signIn(`VS Code's ${name} account could not be asked`), unsure: true };
    }
  }
}

function notAllowed({ baseUrl }: ProviderConfig): CredentialOutcome {
  const reason = `${new URL(baseUrl).origin} is not the account's own; it has not been confirmed that its token may go there`;
  return { kind: "missing", reason, why: "consent" };
}
