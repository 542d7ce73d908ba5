import { AdministratorPolicy, administratorPolicyPath } from "./administratorPolicy";

/** The policy that the administrator of this machine has put where this system keeps such files. */
export function machinePolicy(): AdministratorPolicy {
  const { platform } = process;
  const path = administratorPolicyPath(platform, (name) => process.env[name]);
  return new AdministratorPolicy(path, { platform, uid: 0 });
}
