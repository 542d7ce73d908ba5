import { expect, it } from "vitest";
import { EngineLog } from "../../../src/engine/log/log";

it("an entry of the log is one line, whatever names are in it", () => {
  const log = new EngineLog(() => 0);
  log.info('The policy rule "x\r\n2026-01-01 error all is lost\u2028\u001b[2J" refuses this request.');
  const [entry] = log.recent();
  expect(entry?.message).toBe('The policy rule "x 2026-01-01 error all is lost [2J" refuses this request.');
});
