import { PosternError } from "../../core/errors";
import { asNumber, asObject, nonEmpty, parseJson } from "../../core/json/access";

export interface DeviceFlowOptions {
  /** Id of an OAuth app of the person's own, with the device flow enabled. */
  readonly clientId: string;
  /** GitHub's address. */
  readonly baseUrl: string;
  /** Tells the person where to go and what to enter. */
  readonly tell: (line: string) => void;
  /** Waits so many milliseconds; tests do not. */
  readonly wait?: (milliseconds: number) => Promise<void>;
}

const GRANT = "urn:ietf:params:oauth:grant-type:device_code";
const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/**
 * GitHub's device flow: the person enters a code in a browser, on any machine, and the token comes here. It is handed
 * back and kept nowhere.
 * @see https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#device-flow
 * @throws PosternError
 */
export async function deviceFlow({
  clientId,
  baseUrl,
  tell,
  wait = pause,
}: DeviceFlowOptions): Promise<string> {
  const begun = await post(baseUrl, "/login/device/code", { client_id: clientId, scope: "read:user" });
  const deviceCode = nonEmpty(begun.device_code);
  const userCode = nonEmpty(begun.user_code);
  const page = nonEmpty(begun.verification_uri);
  if (deviceCode === undefined || userCode === undefined || page === undefined)
    throw refused(
      nonEmpty(begun.error_description) ?? "it does not know this client id, or its device flow is off",
    );
  tell(`Open ${page} in a browser and enter ${userCode}`);
  let interval = (asNumber(begun.interval) || 5) * 1000;
  let left = (asNumber(begun.expires_in) ?? 900) * 1000;
  for (; left > 0; left -= interval) {
    await wait(interval);
    const answer = await post(baseUrl, "/login/oauth/access_token", {
      client_id: clientId,
      device_code: deviceCode,
      grant_type: GRANT,
      // The person may have entered the code: what fails for a moment is asked again.
    }).catch(() => ({}) as Record<string, unknown>);
    const token = nonEmpty(answer.access_token);
    if (token !== undefined) return token;
    if (answer.error === "slow_down") interval = (asNumber(answer.interval) ?? interval / 1000 + 5) * 1000;
    else if (answer.error !== undefined && answer.error !== "authorization_pending")
      throw refused(nonEmpty(answer.error_description) ?? "the request was refused");
  }
  throw refused("the code was not entered in time");
}

async function post(baseUrl: string, path: string, body: object): Promise<Record<string, unknown>> {
  let response: Response;
  try {
    response = await fetch(new URL(path, baseUrl), {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/json" },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.timeout(30_000),
    });
  } catch {
    throw new PosternError("provider_unreachable", `${new URL(baseUrl).host} could not be reached.`);
  }
  return asObject(parseJson(await response.text()));
}

function refused(why: string): PosternError {
  return new PosternError("unauthorized", `GitHub did not sign in: ${why.slice(0, 300).replace(/\.$/, "")}.`);
}
