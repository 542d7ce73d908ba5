import { expect, it } from "vitest";
import { newRequestId } from "../../../src/engine/gateway/requestId";

it("ids of requests are in the order of time, and no two of them are the same", () => {
  const ids = [1, 2, 1_700_000_000_000, 2_000_000_000_000].map((now) => newRequestId(now));
  expect(ids.toSorted()).toEqual(ids);
  for (const id of ids) expect(id).toMatch(/^req_[0-9a-f]{24}$/);
  const many = Array.from({ length: 1_000 }, () => newRequestId(5));
  expect(new Set(many).size).toBe(1_000);
});
