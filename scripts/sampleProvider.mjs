// A provider to try Postern with: answers Chat Completions on loopback, word by word, at no cost.
import { LLMock } from "@copilotkit/aimock";
import { atEnd } from "./lib/cleanup.mjs";

const answer =
  "Hello from the sample provider. This answer travels through your own gateway, one piece after the other, as the answer of a real model would. Add a provider with a key of your own in the Postern view to talk to one.";

/**
 * Starts the sample provider on a free port of 127.0.0.1; it stops at the end of the run.
 *
 * @returns {Promise<string>} its base URL, ending in /v1
 */
export async function startSampleProvider() {
  const mock = new LLMock({ port: 0, host: "127.0.0.1", latency: 60, chunkSize: 8, logLevel: "silent" });
  mock.addFixture({ match: { model: "sample-model" }, response: { content: answer } });
  await mock.start();
  atEnd(() => mock.stop());
  return `${mock.url}/v1`;
}
