import { afterAll, beforeAll } from "vitest";
import { answers } from "./nineDirections/answers";
import { failures } from "./nineDirections/failures";
import { loops } from "./nineDirections/loops";
import { Matrix } from "./nineDirections/matrix";
import { Stage } from "./nineDirections/stage";
import { structured } from "./nineDirections/structured";

let stage: Stage;
const matrix = new Matrix(() => stage);

beforeAll(async () => {
  stage = await Stage.open();
});

afterAll(async () => {
  console.log(`\nOfficial SDKs as clients, passed/total:\n${matrix.print()}`);
  await stage?.close();
});

answers(matrix);
loops(matrix);
structured(matrix);
failures(matrix);
