"""The same desk with Langfuse's SDK, as a team has it already: another address and another key, nothing else."""

from __future__ import annotations

import json
import os
import sys

from langfuse import Langfuse
from openai import OpenAI

langfuse = Langfuse(
    host=os.environ["GALLEY_URL"],
    public_key="galley",
    secret_key=os.environ["GALLEY_KEY"],
    tracing_enabled=False,
)
model = OpenAI(base_url=os.environ["MODEL_URL"], api_key="none-is-needed")

for line in sys.stdin:
    asked = json.loads(line)
    prompt = langfuse.get_prompt("support/triage", type="chat", cache_ttl_seconds=int(os.environ.get("CACHE_SECONDS", "60")))
    told = {"version": prompt.version}
    if "message" in asked:
        settings = prompt.config
        answer = model.chat.completions.create(
            messages=prompt.compile(message=asked["message"]),
            model=settings["model"],
            temperature=settings["temperature"],
            max_tokens=settings["max_tokens"],
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": settings["response_schema"]},
            },
        )
        told["answer"] = answer.choices[0].message.content
    print(json.dumps(told), flush=True)
