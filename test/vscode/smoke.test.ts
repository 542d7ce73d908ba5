import { equal, ok } from "node:assert/strict";
import * as vscode from "vscode";
import { suite, test } from "../registry";

suite("the extension host", () => {
  test("is a VS Code that the manifest supports", () => {
    const [major, minor] = vscode.version.split(".").map(Number);
    ok(major === 1 && (minor ?? 0) >= 122, `VS Code ${vscode.version}`);
  });

  test("has the extension, and activates it", async () => {
    const extension = vscode.extensions.getExtension("postern.postern");
    ok(extension, "postern.postern is not installed");
    await extension.activate();
    equal(extension.isActive, true);
  });
});
