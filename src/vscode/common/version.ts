/** The extension's version, written in by the build; tests run without a build. */
export const EXTENSION_VERSION: string =
  typeof POSTERN_VERSION === "undefined" ? "0.0.0-dev" : POSTERN_VERSION;

/** Compares two versions as semver orders them: negative when `a` is the older one. Build metadata is ignored. */
export function compareVersions(a: string, b: string): number {
  const left = split(a);
  const right = split(b);
  for (let index = 0; index < 3; index++) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.pre === right.pre) return 0;
  if (left.pre === "") return 1;
  if (right.pre === "") return -1;
  return left.pre.localeCompare(right.pre, "en", { numeric: true });
}

function split(version: string): { readonly numbers: number[]; readonly pre: string } {
  const [core = "", ...pre] = (version.split("+")[0] ?? "").split("-");
  return { numbers: core.split(".").map((part) => Number.parseInt(part, 10) || 0), pre: pre.join("-") };
}
