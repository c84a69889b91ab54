// Reads with Langfuse's JavaScript SDK and says what came, as one line of JSON.
import { LangfuseClient } from "@langfuse/client";

const langfuse = new LangfuseClient({
  baseUrl: process.env.GALLEY_URL,
  publicKey: "galley",
  secretKey: process.env.GALLEY_KEY,
});
const prompt = await langfuse.prompt.get("support/triage", { type: "chat" });
const { data, meta } = await langfuse.api.prompts.list({});
const fallback = await langfuse.prompt.get("nowhere", { type: "text", fallback: "in the code" });
console.log(
  JSON.stringify({
    version: prompt.version,
    model: prompt.config.model,
    messages: prompt.compile({ message: "My card is gone" }),
    names: data.map((row) => row.name),
    total: meta.totalItems,
    fallback: fallback.prompt,
  }),
);
