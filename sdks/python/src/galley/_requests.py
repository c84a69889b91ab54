"""Ready-made requests for the official clients of OpenAI and Anthropic.

They are put together as Galley puts them together when it tries a prompt on a dataset: what was
tested is what is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._values import SPACE
from .errors import RequestError

_OPENAI = {"model", "messages", "stream", "stream_options", "tools", "response_format"}
_ANTHROPIC = {"model", "messages", "system", "stream", "tools", "tool_choice", "seed", "stop"}
#: Parameters that every version of the official clients takes by name. Any other goes into
#: ``extra_body``, which they send just the same: newer clients refuse names that older ones knew
#: (Anthropic's 2.x takes no ``temperature``), and a version must not set a client's own options.
_OPENAI_NAMES = {
    "frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens", "metadata", "n",
    "parallel_tool_calls", "presence_penalty", "reasoning_effort", "seed", "service_tier", "stop", "store",
    "temperature", "tool_choice", "top_logprobs", "top_p", "user",
}  # fmt: skip
_ANTHROPIC_NAMES = {"max_tokens", "metadata", "service_tier", "stop_sequences", "thinking"}
#: The tool that stands for a response schema.
ANSWER = "answer"


def openai(content: Mapping[str, Any], messages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The keyword arguments of ``client.chat.completions.create``."""
    model = content.get("model") or {}
    body: dict[str, Any] = {}
    for name, value in model.get("parameters", {}).items():
        if name not in _OPENAI:
            _put(body, name, value, _OPENAI_NAMES)
    if model:
        body["model"] = model["model"]
    body["messages"] = _filled(messages)
    if tools := content.get("tools"):
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool["name"],
                    "description": tool.get("description", ""),
                    "parameters": tool.get("schema"),
                },
            }
            for tool in tools
        ]
    if (schema := content.get("response_schema")) is not None:
        # OpenAI enforces a schema only when asked to, and then only closed ones.
        strict = isinstance(schema, Mapping) and schema.get("additionalProperties") is False
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": ANSWER, "schema": schema, "strict": strict},
        }
    return body


def anthropic(content: Mapping[str, Any], messages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The keyword arguments of ``client.messages.create``."""
    model = content.get("model") or {}
    body: dict[str, Any] = {"max_tokens": 1024}
    for name, value in model.get("parameters", {}).items():
        if name == "stop":
            body["stop_sequences"] = value if isinstance(value, list) else [value]
        elif name not in _ANTHROPIC:
            _put(body, name, value, _ANTHROPIC_NAMES)
    if model:
        body["model"] = model["model"]
    instructions: list[str] = []
    body["messages"] = []
    for message in _filled(messages):
        if message["role"] in ("system", "developer"):
            if not isinstance(message["content"], str):
                raise RequestError("Anthropic takes instructions only as text")
            instructions.append(message["content"])
        elif message["role"] in ("user", "assistant"):
            body["messages"].append(message)
        else:
            raise RequestError(f"Anthropic has no messages of the role “{message['role']}”")
    if not body["messages"]:
        raise RequestError("Anthropic needs a message of the user")
    if instructions:
        body["system"] = "\n\n".join(instructions)
    tools = [
        {"name": tool["name"], "description": tool.get("description", ""), "input_schema": tool.get("schema")}
        for tool in content.get("tools", ())
    ]
    if (schema := content.get("response_schema")) is not None:
        if tools:
            raise RequestError("Anthropic can't follow a response schema and call tools at once")
        if not (isinstance(schema, Mapping) and schema.get("type") == "object"):
            schema = {"type": "object", "properties": {ANSWER: schema}, "required": [ANSWER]}
        tools.append({"name": ANSWER, "description": "Give the answer.", "input_schema": schema})
        body["tool_choice"] = {"type": "tool", "name": ANSWER}
    if tools:
        body["tools"] = tools
    return body


def _put(body: dict[str, Any], name: str, value: Any, names: set[str]) -> None:
    (body if name in names else body.setdefault("extra_body", {}))[name] = value


def _filled(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without messages that say nothing: some providers refuse them."""
    kept = [one for one in messages if not isinstance(one["content"], str) or one["content"].strip(SPACE)]
    if not kept:
        raise RequestError("there is nothing to send: all messages are empty")
    return kept
