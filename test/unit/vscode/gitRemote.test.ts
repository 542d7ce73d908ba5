import { expect, it } from "vitest";
import { withoutCredentials } from "../../../src/vscode/render/gitRemote";

it.each([
  ["https://github.com/me/repo.git", "https://github.com/me/repo.git"],
  ["https://me:ghp_secret@github.com/me/repo.git", "https://github.com/me/repo.git"],
  ["https://ghp_secret@github.com/me/repo.git", "https://github.com/me/repo.git"],
  ["https://github.com/me/repo?token=secret", "https://github.com/me/repo"],
  ["ssh://git@example.org:22/me/repo", "ssh://git@example.org:22/me/repo"],
  ["ssh://git:secret@example.org/me/repo", "ssh://git@example.org/me/repo"],
  ["git@github.com:me/repo.git", "git@github.com:me/repo.git"],
  ["me:secret@example.org:me/repo", "example.org:me/repo"],
  ["/srv/git/repo", "/srv/git/repo"],
])("%s has no secret any more", (remote, shown) => {
  expect(withoutCredentials(remote)).toBe(shown);
});
