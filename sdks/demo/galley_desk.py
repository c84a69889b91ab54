"""A support desk that sorts its mail by the prompt that an environment serves: with Galley's own SDK.

Reads one JSON object a line, {"unit": "customer-7", "message": "…"}, and answers with one a line. Without a message it
only says which version that customer gets.
"""

from __future__ import annotations

import json
import os
import sys

from galley import Galley
from openai import OpenAI

galley = Galley(os.environ["GALLEY_URL"], os.environ["GALLEY_KEY"], disk=os.environ.get("GALLEY_DISK"))
model = OpenAI(base_url=os.environ["MODEL_URL"], api_key="none-is-needed")

for line in sys.stdin:
    asked = json.loads(line)
    prompt = galley.get("support/triage", unit=asked.get("unit"))
    told = {"version": prompt.version, "source": prompt.source, "stale": galley.stale, "age": galley.age}
    if "message" in asked:
        answer = model.chat.completions.create(**prompt.openai(message=asked["message"]))
        told["answer"] = answer.choices[0].message.content
    print(json.dumps(told), flush=True)
