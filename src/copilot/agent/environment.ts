/** What a program needs to run at all, and to find the person's tools. Nothing that may hold a key. */
const PASSED_ON =
  /^(PATH|PATHEXT|HOME|USER|USERNAME|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TERM|TZ|TMPDIR|TMP|TEMP|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|USERPROFILE|HOMEDRIVE|HOMEPATH|APPDATA|LOCALAPPDATA|PROGRAMDATA|PROGRAMFILES|PROGRAMFILES\(X86\)|JAVA_HOME|GOPATH|GOROOT|CARGO_HOME|RUSTUP_HOME|PYENV_ROOT|NVM_DIR|VIRTUAL_ENV|DOTNET_ROOT|ANDROID_HOME)$/i;

/**
 * The environment of the agent's runtime, and so of the commands that it runs: a model decides which these are, and what
 * is in the environment it can read. Loopback must not go through a proxy.
 */
export function agentEnvironment(own: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const passed = Object.entries(own).flatMap(([name, value]): [string, string][] =>
    value !== undefined && PASSED_ON.test(name) ? [[name, value]] : [],
  );
  return { ...Object.fromEntries(passed), NO_PROXY: "127.0.0.1,localhost,::1" };
}
