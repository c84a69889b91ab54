"""Runs every case of the suite. How many ran is told to whoever set ``GALLEY_COUNT``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cases
from galley import GalleyError, RenderError
from galley._keeper import folded, read_answer
from galley._prompt import Prompt, Served
from galley._template import Template


def _content(case: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The content and its snippets, whose digests here are their names."""
    snippets = case.get("snippets", {})
    includes = {name: name for name in snippets}

    def text(template: str, inputs: list[Any]) -> dict[str, Any]:
        message = {"type": "message", "role": "user", "text": template}
        return {"kind": "text", "messages": [message], "inputs": inputs, "includes": includes}

    content = (
        {**case["content"], "includes": includes}
        if "content" in case
        else text(case["template"], case.get("inputs", []))
    )
    return content, {name: text(one["text"], one.get("inputs", [])) for name, one in snippets.items()}


def template(case: dict[str, Any]) -> None:
    content, snippets = _content(case)
    expected = case.get("error")
    try:
        messages = Template(content, snippets).render(case["values"])
    except RenderError as error:
        assert expected is not None, f"{error.code}: {error}"
        seen = {
            "code": error.code,
            "line": error.line,
            "column": error.column,
            "snippet": error.snippet,
            "input": error.input,
        }
        assert seen == {name: expected.get(name) for name in seen}
        assert expected.get("message") in (None, error.message_index)
        return
    assert expected is None, f"it was rendered: {messages}"
    if "output" in case:
        assert "\n\n".join(one["content"] for one in messages if "placeholder" not in one) == case["output"]
        return
    shaped = [
        {"type": "placeholder", "name": one["placeholder"], "messages": one["messages"]}
        if "placeholder" in one
        else {"type": "message", "role": one["role"], "text": one["content"]}
        for one in messages
    ]
    assert shaped == case["messages"]


def splits(case: dict[str, Any]) -> None:
    version = {"number": 1, "digest": "", "content": {"kind": "text", "messages": []}}
    ids = [case["main"], *{run["version"] for run in case["slots"]} - {case["main"]}]
    raw = {
        "name": "a", "salt": case["salt"], "release": case["salt"], "since": 0, "slots": case["slots"],
        "sides": [{"weight": 0, "version": {**version, "id": one}} for one in ids],
    }  # fmt: skip
    served = Served("production", raw, "registry")
    unit = case["unit"]
    if unit is not None:
        assert served.slot(unit) == case["slot"]
    assert (served.main if unit is None else served.choose(unit)).id == case["version"]


def answers(case: dict[str, Any]) -> None:
    answer, ask = case["answer"], case["ask"]
    body = answer if isinstance(answer, str) else json.dumps(answer)
    try:
        _, prompts = read_answer(body)
    except ValueError:
        assert case.get("error") == "broken"
        return
    by_fold = {folded(name): one for name, one in prompts.items()}
    served = prompts.get(ask["name"]) or by_fold.get(folded(ask["name"]))
    if served is None:
        assert case.get("error") == "not_served"
        return
    prompt = served.choose(ask["unit"]) if "unit" in ask else served.main
    assert {name: getattr(prompt, name) for name in case["prompt"]} == case["prompt"]


def _prompt(content: dict[str, Any]) -> Prompt:
    return Prompt("a", "production", 1, "", "", "", 0, content)


def contract(case: dict[str, Any]) -> None:
    try:
        messages = _prompt(case["content"]).render(case["values"])
    except RenderError as error:
        seen = {"code": error.code, "input": error.input, "words": str(error)}
        assert {name: value for name, value in seen.items() if value is not None} == case.get("error")
        return
    assert messages == case.get("messages")


def requests(case: dict[str, Any]) -> None:
    prompt = _prompt(case["content"])
    try:
        body = (prompt.openai if case["for"] == "openai" else prompt.anthropic)(case["values"])
    except GalleyError as error:
        assert error.code == case.get("error")
        return
    # What the clients don't take by name is sent all the same.
    body.update(body.pop("extra_body", {}))
    assert body == case.get("body")


RUNNERS: dict[str, Callable[[dict[str, Any]], None]] = {
    "splits": splits, "answers": answers, "contract": contract, "requests": requests,
}  # fmt: skip


def test_every_case_of_the_suite() -> None:
    ran, wrong = 0, []
    for path in cases.files():
        run = template if path.parent.name == "template" else RUNNERS[path.stem]
        for case in cases.cases(path):
            ran += 1
            try:
                run(case)
            except Exception as error:
                wrong.append(f"{path.stem}: {case['name']}\n    {type(error).__name__}: {error}")
    assert not wrong, "\n" + "\n".join(wrong)
    assert ran == sum(len(json.loads(path.read_text(encoding="utf-8"))) for path in cases.files()) > 200
    print(f"conformance: {ran} cases")
    if told := os.environ.get("GALLEY_COUNT"):
        Path(told).write_text(f"{ran}\n")
