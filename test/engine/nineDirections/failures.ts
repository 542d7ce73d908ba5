import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { expect } from "vitest";
import { GATEWAY_KEY } from "../../support/gateway";
import { Refusal } from "../../support/scripted/refusal";
import { ask } from "./clients";
import type { Direction, Matrix } from "./matrix";
import { modelAt, type Stage } from "./stage";

const said = [{ role: "user" as const, text: "hi" }];
const ofSdk = ({ client }: Direction) => (client === "messages" ? Anthropic : OpenAI);

/** The error that a question ends with. */
async function failure(asked: Promise<unknown>): Promise<unknown> {
  try {
    await asked;
  } catch (error) {
    return error;
  }
  throw new Error("the question was answered");
}

function script(
  stage: Stage,
  message: string,
  status: number,
  more: { headers?: Record<string, string> } = {},
): void {
  stage.provider.play(() => {
    throw new Refusal(message, { status, ...more });
  });
}

/** What goes wrong, as each SDK's own error classes. */
export function failures(matrix: Matrix): void {
  matrix.every("a wrong gateway key", async (stage, direction) => {
    const options = { apiKey: "wrong", maxRetries: 0 };
    const stranger = {
      openai: new OpenAI({ ...options, baseURL: `${stage.gateway.url}/v1` }),
      anthropic: new Anthropic({ ...options, baseURL: stage.gateway.url }),
    };
    const error = await failure(ask(stranger, direction, { said }));
    expect(error).toBeInstanceOf(ofSdk(direction).AuthenticationError);
  });

  matrix.every("a key that the provider refuses", async (stage, direction) => {
    script(stage, "Incorrect API key provided.", 401);
    const error = await failure(ask(stage, direction, { said }));
    expect(error).toBeInstanceOf(ofSdk(direction).AuthenticationError);
    expect(error).toMatchObject({ message: expect.stringContaining("Incorrect API key provided.") });
  });

  matrix.every("a model that the gateway does not know", async (stage, direction) => {
    const error = await failure(ask(stage, direction, { said }, modelAt(direction.provider, "no-model")));
    expect(error).toBeInstanceOf(ofSdk(direction).NotFoundError);
  });

  matrix.every("a model that the provider does not know", async (stage, direction) => {
    script(stage, "The model does not exist.", 404);
    const error = await failure(ask(stage, direction, { said }));
    expect(error).toBeInstanceOf(ofSdk(direction).NotFoundError);
    expect(error).toMatchObject({ message: expect.stringContaining("The model does not exist.") });
  });

  matrix.every("a limit, with the time to wait", async (stage, direction) => {
    script(stage, "Slow down.", 429, { headers: { "retry-after": "7" } });
    const error = await failure(ask(stage, direction, { said }));
    const { RateLimitError } = ofSdk(direction);
    expect(error).toBeInstanceOf(RateLimitError);
    const { headers } = error as { headers: Headers };
    expect(headers.get("retry-after")).toBe("7");
    expect(error).toMatchObject({ message: expect.stringContaining("Slow down.") });
  });

  matrix.every("a limit, which the SDK waits for and tries again", async (stage, direction) => {
    let tries = 0;
    stage.provider.play(() => {
      tries++;
      if (tries > 1) return { text: "At last." };
      throw new Refusal("Slow down.", { status: 429, headers: { "retry-after": "0" } });
    });
    const options = { apiKey: GATEWAY_KEY, maxRetries: 1 };
    const patient = {
      openai: new OpenAI({ ...options, baseURL: `${stage.gateway.url}/v1` }),
      anthropic: new Anthropic({ ...options, baseURL: stage.gateway.url }),
    };
    expect((await ask(patient, direction, { said })).text).toBe("At last.");
    expect(tries).toBe(2);
  });

  matrix.every("a provider that is overloaded", async (stage, direction) => {
    const { client, provider } = direction;
    const status = provider === "messages" ? 529 : 503;
    script(stage, "Overloaded.", status);
    const error = await failure(ask(stage, direction, { said }));
    expect(error).toBeInstanceOf(ofSdk(direction).InternalServerError);
    expect(error).toMatchObject({ message: expect.stringContaining("Overloaded.") });
    const translated = client === "messages" ? 529 : 503;
    expect(error).toMatchObject({ status: client === provider ? status : translated });
  });

  matrix.every(
    "a stream that is cut",
    async (stage, direction) => {
      stage.provider.play(() => ({ text: "A text that will not be whole.", cut: true }));
      const asked = ask(stage, direction, { said });
      // The one SDK that hands a failed answer over as such.
      if (direction.client === "responses") expect((await asked).stop).toBe("failed");
      else expect(await failure(asked)).toBeInstanceOf(ofSdk(direction).APIError);
    },
    [true],
  );
}
