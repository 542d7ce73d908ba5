import { expect, it } from "vitest";
import { Members } from "../../../src/core/collections/members";

it("members come and go in any order, and go once only", () => {
  const members = new Members<string>();
  const leave = ["a", "b", "c", "d"].map((name) => members.add(name));
  leave[1]?.();
  leave[1]?.();
  expect(members.all().sort()).toEqual(["a", "c", "d"]);
  leave[3]?.();
  leave[0]?.();
  expect(members.all()).toEqual(["c"]);
  const again = members.add("e");
  leave[2]?.();
  expect(members.all()).toEqual(["e"]);
  again();
  leave[0]?.();
  expect(members.size).toBe(0);
});

it("what is done with one may take out others", () => {
  const members = new Members<() => void>();
  let left = 0;
  const leave = [1, 2, 3].map(() =>
    members.add(() => {
      left += 1;
      for (const one of leave) one();
    }),
  );
  for (const member of members.all()) member();
  expect([left, members.size]).toEqual([3, 0]);
});
