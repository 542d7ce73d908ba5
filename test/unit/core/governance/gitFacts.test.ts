import { describe, expect, it } from "vitest";
import { branchOf, remoteOf, withoutCredentials } from "../../../../src/core/governance/gitFacts";

describe("what git's files say of a repository", () => {
  it.each([
    ["ref: refs/heads/main\n", "main"],
    ["ref: refs/heads/feature/x y\r\n", "feature/x y"],
    ["ref: refs/heads/a\u202eb\u0007", "ab"],
    ["9fceb02d0ae598e95dc970b74767f19372d61af8\n", undefined],
    ["ref: refs/tags/v1", undefined],
    ["", undefined],
  ])("reads the branch of %j as %j", (head, branch) => {
    expect(branchOf(head)).toBe(branch);
  });
  it("takes origin's address, else the first remote's", () => {
    const fork = '[remote "fork"]\n\turl = https://example.com/fork.git\n';
    const origin = '[branch "main"]\n\tremote = x\n[remote "origin"]\n  URL = git@example.com:me/r.git\n';
    expect(remoteOf(fork + origin)).toBe("example.com:me/r.git");
    expect(remoteOf(fork)).toBe("https://example.com/fork.git");
    expect(remoteOf("[core]\n\turl = https://no.example\n")).toBeUndefined();
    expect(remoteOf('[remote "origin"]\n\turl = "https://u:p@example.com/r" ; a comment\n')).toBe(
      "https://example.com/r",
    );
  });
  it.each([
    ["https://ghp_token@github.com/me/r.git", "https://github.com/me/r.git"],
    ["https://user:pa@ss@github.com/me/r.git", "https://github.com/me/r.git"],
    ["https://github.com/me/@scope/r.git", "https://github.com/me/@scope/r.git"],
    ["ssh://git@github.com:22/me/r.git", "ssh://github.com:22/me/r.git"],
    ["git@github.com:me/r.git", "github.com:me/r.git"],
    ["https://example.com/r.git?private_token=abc#x", "https://example.com/r.git"],
    ["/srv/git/r.git", "/srv/git/r.git"],
  ])("writes %s without credentials", (remote, without) => {
    expect(withoutCredentials(remote)).toBe(without);
  });
});
