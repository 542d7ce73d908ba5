import { suite, test } from "../registry";
import { until, Workbench } from "./workbench";

suite("the workbench", () => {
  test("opens, in dark and in light", async () => {
    const workbench = await Workbench.open();
    await workbench.useTheme("dark");
    await workbench.screenshot("workbench-dark");
    await workbench.useTheme("light");
    await workbench.screenshot("workbench-light");
    await workbench.close();
  }, 90_000);

  test("has the extension, installed from its package", async () => {
    const workbench = await Workbench.open();
    await workbench.runCommand("Extensions: Show Installed Extensions");
    const installed = workbench.page.locator(".extensions-viewlet .extension-list-item .name");
    await until("Postern among the installed extensions", async () =>
      (await installed.allTextContents()).includes("Postern"),
    );
    await workbench.close();
  }, 90_000);
});
