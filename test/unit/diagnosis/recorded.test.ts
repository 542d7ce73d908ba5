import { expect, test } from "vitest";
import { findingOf } from "../../../src/core/diagnosis/answerFinding";
import type { FindingCode } from "../../../src/core/diagnosis/finding";
import { probeVerdict } from "../../../src/core/diagnosis/probeVerdict";
import { foreignRecordings, ownRecordings, type Recording } from "../../support/recordings";
import { provider } from "./providers";

const recordings = [...ownRecordings(), ...foreignRecordings()];
const answer = ({ protocol, status, contentType, bytes }: Recording, atMs = 10) => ({
  provider: provider({ baseUrl: "https://api.openai.com/v1" }),
  operation: protocol,
  protocol,
  model: "m",
  status,
  headers: { "content-type": contentType },
  bodyText: bytes.toString("utf8"),
  reads: [{ atMs, bytes }],
});

/** What marks an error in the words of whoever sends it, and what it is. */
const MARKS: readonly [mark: string, code: FindingCode][] = [
  ["insufficient_quota", "no_credit"],
  ["DeploymentNotFound", "deployment_unknown"],
  ["model_not_found", "model_unknown"],
  ["invalid_api_key", "key_wrong"],
  ["unsupported_parameter", "request_refused"],
  ["invalid_image", "request_refused"],
];

test("what real providers refused is told by its mark", () => {
  for (const recorded of recordings.filter(({ status }) => status >= 400)) {
    const found = findingOf(answer(recorded));
    const mark = MARKS.find(([text]) => recorded.bytes.includes(text));
    if (mark) expect(found?.code, recorded.name).toBe(mark[1]);
    else expect(found, recorded.name).toBeDefined();
  }
});

/** Recorded in the midst, or ended by an error. */
const isWhole = ({ bytes }: Recording): boolean =>
  /\[DONE\]|message_stop|response\.completed|response\.incomplete/.test(bytes.toString("utf8")) &&
  !bytes.includes('"error":{');

test("what real models answered and streamed is no fault", () => {
  const good = recordings.filter(({ status }) => status === 200);
  let judged = 0;
  for (const recorded of good) {
    expect(findingOf(answer(recorded)), recorded.name).toBeUndefined();
    if (recorded.kind === "json" || !isWhole(recorded)) continue;
    judged += 1;
    expect(probeVerdict("stream", answer(recorded)).outcome, recorded.name).toBe("works");
    // The same answer as a proxy would hand it on that holds it back for a second.
    expect(probeVerdict("stream", answer(recorded, 1000)).outcome, recorded.name).not.toBe("fails");
  }
  expect(judged).toBeGreaterThan(2);
});
