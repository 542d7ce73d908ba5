import { beforeEach, describe, expect, test, vi } from "vitest";
import { StartFailureNotice } from "../../../src/vscode/gateway/startFailure";
import { ready } from "./fixtures";

const shown = vi.hoisted(() => ({ errors: [] as string[], press: undefined as string | undefined }));
vi.mock("vscode", () => ({
  window: {
    showErrorMessage: async (text: string) => {
      shown.errors.push(text);
      const pressed = shown.press;
      shown.press = undefined;
      return pressed;
    },
  },
  commands: {},
}));

const failed = (port: number) =>
  ready({ gateway: { state: "failed", code: "port_in_use", message: `Port ${port} is used`, port } });
const said = (port: number) => `Port ${port} is in use by another program, so the gateway could not start.`;

describe("a gateway that cannot start", () => {
  let wanted: boolean;
  let focused: boolean;
  let used: number[];
  let notice: StartFailureNotice;

  beforeEach(() => {
    shown.errors.length = 0;
    wanted = true;
    focused = true;
    used = [];
    notice = new StartFailureNotice({
      wanted: () => wanted,
      focused: () => focused,
      host: () => "127.0.0.1",
      usePort: async (port) => {
        used.push(port);
      },
    });
  });

  test("says so once for each failure, whatever led to it", () => {
    notice.follow({ kind: "starting" });
    notice.follow(failed(1));
    notice.follow(failed(1));
    // The engine dies, and the next one finds the port taken as well.
    notice.follow({ kind: "restarting" });
    notice.follow(failed(1));
    // The settings name another port, which is taken too.
    notice.follow(failed(2));
    expect(shown.errors).toEqual([said(1), said(2)]);
  });

  test("says it again after it has run, or when the person asks again", () => {
    notice.follow(failed(1));
    notice.follow(ready());
    notice.follow(failed(1));
    notice.forget();
    notice.follow(failed(1));
    expect(shown.errors).toHaveLength(3);
  });

  test("is not this window's to tell if it did not want the gateway", () => {
    wanted = false;
    notice.follow(failed(1));
    expect(shown.errors).toEqual([]);
  });

  test("waits until the person is at this window, and then says what is still so", () => {
    focused = false;
    notice.follow(failed(1));
    notice.follow(failed(2));
    expect(shown.errors).toEqual([]);
    focused = true;
    notice.follow(failed(2));
    expect(shown.errors).toEqual([said(2)]);
  });

  test("starts on another port at the press of a button", async () => {
    shown.press = "Pick another port";
    notice.follow(failed(40_000));
    await vi.waitFor(() => expect(used).toHaveLength(1));
    expect(used[0]).toBeGreaterThan(40_000);
  });
});
