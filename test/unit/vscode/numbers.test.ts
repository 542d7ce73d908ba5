import { expect, test } from "vitest";
import { counted, shortCount } from "../../../src/vscode/render/numbers";

test.each([
  [0, "0"],
  [999, "999"],
  [1000, "1k"],
  [34_500, "34.5k"],
  [128_000, "128k"],
  [999_499, "999k"],
  [999_500, "1M"],
  [1_250_000, "1.3M"],
])("%d in few characters is %s", (value, text) => {
  expect(shortCount(value)).toBe(text);
});

test("counts have their plural", () => {
  expect(counted(1, "model")).toBe("1 model");
  expect(counted(1200, "model")).toBe("1,200 models");
});
