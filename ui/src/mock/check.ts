// Roughly what checking a content finds. The real check is in Rust.

import type { Check, Preview, Value, VersionContent } from "../bindings";
import type { World } from "./world";

const tag = /\{\{\s*([\w.]+)[^}]*\}\}|\{%\s*include\s+"([^"]+)"\s*%\}/g;

export function check(world: World, content: VersionContent): Check {
  const found: Check = {
    problems: [],
    uses: { inputs: [], includes: [] },
    tokens: [],
    tokens_note: "Estimated: four characters a token",
  };
  content.messages.forEach((message, index) => {
    if (message.type === "placeholder") {
      found.tokens.push(0);
      return;
    }
    found.tokens.push(Math.ceil(message.text.length / 4));
    const place = `messages/${index}`;
    const loops = [...message.text.matchAll(/\{%\s*for\s+(\w+)/g)].map((match) => match[1]);
    for (const match of message.text.matchAll(tag)) {
      const from = match.index;
      const to = from + match[0].length;
      if (match[2] !== undefined) {
        const prompt = world.prompts.find((one) => one.name === match[2]);
        found.uses.includes.push({
          place,
          from,
          to,
          name: match[2],
          prompt: prompt?.id ?? null,
          number: prompt?.versions[0]?.row.number ?? null,
        });
      } else {
        const name = match[1]!.split(".")[0]!;
        found.uses.inputs.push({
          place,
          from,
          to,
          name,
          known: loops.includes(name) || (content.inputs ?? []).some((input) => input.name === name),
        });
      }
    }
    const open = message.text.indexOf("{% if", message.text.lastIndexOf("{% endif"));
    if (open >= 0 && !message.text.includes("{% endif"))
      found.problems.push({
        place,
        line: message.text.slice(0, open).split("\n").length,
        column: 1,
        from: open,
        to: open + 5,
        code: "unclosed",
        message: "This if has no endif.",
      });
  });
  return found;
}

export function render(content: VersionContent, values: Record<string, Value>): Preview {
  const problems: Preview["problems"] = [];
  const messages = content.messages.map((message, index) => {
    if (message.type === "placeholder") return { type: "placeholder" as const, name: message.name };
    const text = message.text
      .replace(/\{\{\s*(\w+)[^}]*\}\}/g, (_, name: string) => {
        const value = values[name] ?? content.inputs?.find((input) => input.name === name)?.default;
        if (value === undefined || value === null) {
          problems.push({
            place: `messages/${index}`,
            line: 0,
            column: 0,
            from: 0,
            to: 0,
            code: "undefined",
            message: `Nothing is given for ${name}.`,
          });
          return "";
        }
        return typeof value === "string" ? value : Array.isArray(value) ? value.join(", ") : JSON.stringify(value);
      })
      .replace(/\{%\s*include\s+"[^"]+"\s*%\}/g, "Be brief and kind. Use plain words. No exclamation marks.")
      .replace(/\{%[^%]*%\}/g, "");
    return { type: "message" as const, role: message.role, text };
  });
  return { messages, problems };
}
