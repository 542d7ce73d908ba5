import { describe, expect, it } from "vitest";
import { translated } from "./support/translate";

describe("what a Responses client says beside its tools", () => {
  const request = (tools: unknown[]) => ({ model: "p/m", input: "hi", tools });

  it.each(["chat", "messages"] as const)("of a namespace is read by the model of a %s provider", (to) => {
    const tool = (name: string, description?: string) => ({
      type: "function",
      name,
      parameters: {},
      description,
    });
    const { json } = translated(
      "responses",
      to,
      request([
        {
          type: "namespace",
          name: "crm",
          description: "Customers. Ask first.",
          tools: [tool("find", "Finds."), tool("drop")],
        },
      ]),
    );
    const text = JSON.stringify(json.tools);
    expect(text.split("Customers. Ask first.")).toHaveLength(2);
    expect(text).toContain("crm: Customers. Ask first.\\n\\nFinds.");
  });

  it("of a search of the web is reported where it cannot be said", () => {
    const { dropped } = translated(
      "responses",
      "messages",
      request([{ type: "web_search", external_web_access: true, search_content_types: ["text"] }]),
    );
    expect(dropped).toEqual(
      expect.arrayContaining([
        "tools.web_search.external_web_access",
        "tools.web_search.search_content_types",
      ]),
    );
  });
});
