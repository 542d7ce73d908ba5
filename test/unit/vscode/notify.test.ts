import { beforeEach, expect, test, vi } from "vitest";
import { confirm, notify } from "../../../src/vscode/ui/notify";

const shown = vi.hoisted(() => ({
  messages: [] as string[],
  press: undefined as string | undefined,
  buttons: [] as unknown[],
}));
vi.mock("vscode", () => {
  const show =
    (kind: string) =>
    async (text: string, ...more: unknown[]) => {
      shown.buttons = more.filter((button) => typeof button === "string");
      shown.messages.push(`${kind}: ${text}`);
      const pressed = shown.press;
      shown.press = undefined;
      return pressed;
    };
  const window = {
    showInformationMessage: show("info"),
    showWarningMessage: show("warning"),
    showErrorMessage: show("error"),
  };
  return { window };
});

beforeEach(() => {
  shown.messages.length = 0;
});

test.each([
  ["rejects", () => Promise.reject(new Error("the settings cannot be written"))],
  [
    "throws",
    () => {
      throw new Error("the settings cannot be written");
    },
  ],
])("a button whose action %s says so", async (_, action) => {
  shown.press = "Undo";
  notify("info", "Removed the provider a.", { Undo: action });
  await vi.waitFor(() => expect(shown.messages).toHaveLength(2));
  expect(shown.messages[1]).toBe("error: Undo did not work: the settings cannot be written");
});

test("a button that works, or that is not pressed, says nothing more", async () => {
  const undo = vi.fn(async () => {});
  notify("info", "a", { Undo: undo });
  shown.press = "Undo";
  notify("info", "b", { Undo: undo });
  await vi.waitFor(() => expect(undo).toHaveBeenCalledTimes(1));
  expect(shown.messages).toEqual(["info: a", "info: b"]);
});

test("Enter does what is harmless where a question says so", async () => {
  shown.press = "Enter Another Key";
  expect(await confirm("A key of another?", "", "Use It", "Enter Another Key")).toBe(false);
  expect(shown.buttons).toEqual(["Enter Another Key", "Use It"]);
  shown.press = "Use It";
  expect(await confirm("A key of another?", "", "Use It", "Enter Another Key")).toBe(true);
});
