"""Calls of every kind that the OpenAPI document allows, and many that it does not, to a real registry.

Whatever is sent, the registry has no fault of its own, answers only as its document declares, lets nobody
in by another's door, writes no secret into its log, and what it kept can be verified afterwards. The seed
is fixed, so a failure comes again. ``GALLEY_FUZZ`` is the number of examples for each call.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
import schemathesis
from bodies import BODIES
from house import NAMES, ROOT, House, canonical, digest, house
from hypothesis import HealthCheck, Phase, settings
from prometheus_client.parser import text_string_to_metric_families
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

EXAMPLES = int(os.environ.get("GALLEY_FUZZ") or 8)
#: What no log may hold: the units that are sent all begin so.
UNIT = "customer-4711"
DOCUMENT = ROOT / "crates" / "registry" / "src" / "http" / "openapi.json"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]

schema = schemathesis.openapi.from_path(str(DOCUMENT))
# A header that no HTTP client can send is no case; nor is a credential other than the one that is tried.
schema.config.checks.negative_data_rejection.expected_statuses = ["4xx"]
schema.config.generation.update(with_security_parameters=False, deterministic=True, allow_extra_parameters=False)


class FirstEvent(requests.Session):
    """Of a stream that does not end, the answer is its first event."""

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        answer = super().send(request, **{**how, "stream": True})
        if answer.headers.get("content-type") == "text/event-stream":
            read = b""
            try:
                for piece in answer.iter_content(None):
                    read += piece
                    if b"\n\n" in read:
                        break
            except requests.exceptions.ConnectionError:
                pass  # Nothing has happened since: the stream is silent.
            answer.close()
            answer._content = read
            answer._content_consumed = True
        return answer


@pytest.fixture(scope="session")
def running() -> Iterator[House]:
    with house() as running:
        yield running


@pytest.fixture(scope="session")
def session() -> Iterator[FirstEvent]:
    with FirstEvent() as session:
        yield session


def pick(seed: object, choices: list[Any]) -> Any:
    """One of these, the same for the same seed."""
    return choices[zlib.crc32(repr(seed).encode()) % len(choices)]


def aim(case: Case, running: House) -> None:
    """Most cases name what is there: what names nothing is refused early and tries little."""
    path, query = case.path_parameters or {}, case.query or {}
    if "project" in path and pick(path, [True, True, True, False]):
        path["project"] = running.writing.id
    if "name" in path and pick((path, query), [True, True, False]):
        path["name"] = quote(pick((path["name"], query), NAMES), safe="")
    if "digest" in path and pick(path, [True, False]):
        path["digest"] = running.known[pick(path["digest"], ["text", "content"])]
    if "webhook" in path and pick(path, [True, True, False]):
        # Those that are forgotten are not asked for by the others.
        some = running.webhooks[:4] if case.method == "DELETE" else running.webhooks[4:]
        path["webhook"], delivery = pick(path["webhook"], some)
        if "delivery" in path:
            path["delivery"] = delivery
    if isinstance(query.get("unit"), str):
        query["unit"] = UNIT + query["unit"]
    if pick(query, [True, True, False]):
        near = {
            "version": [None, 1, 2, 3],
            "label": [None, "production", "latest", "staging"],
            "environment": [None, "production", "PRODUCTION", "staging"],
            "after": [None, 0, 3],
            "before": [None, running.webhooks[4][1]],
        }
        for name in sorted(near.keys() & query.keys()):
            query[name] = pick((name, repr(query)), near[name])
            if query[name] is None:
                del query[name]
        # By both at once is refused.
        if "label" in query and pick(repr(query), [True, True, False]):
            query.pop("version", None)
    if case.operation.path.endswith(("/webhooks", "{webhook}")) and isinstance(case.body, dict):
        case.body = case.body | pick(case.body, [{}, {"url": "https://hooks.invalid/x", "environments": []}])
        if case.method == "POST" and pick(case.body, [True, False]):
            case.body["kinds"] = ["version.saved"]


def sign(case: Case, running: House) -> None:
    """Commands are signed as their founder would, with a body that is nearly right."""
    sent = case.body
    if not (isinstance(sent, dict) and isinstance(sent.get("commands"), list) and pick(sent, [True, True, False])):
        return
    commands = []
    for number, one in enumerate(sent["commands"][:5] or [{}]):
        make = pick((number, one), BODIES)
        commands.append(running.writing.signed(make(repr(one), running.known)))
    case.body = {"commands": commands}


def tried(case: Case, running: House, session: FirstEvent, key: str | None) -> None:
    aim(case, running)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    how: dict[str, Any] = {}
    if case.operation.path.endswith("/commands") and key:
        sign(case, running)
        if isinstance(case.body, dict):
            how = {"data": canonical(case.body), "headers": {"Content-Type": "application/json"}}
    if case.operation.path.endswith("/ledger") and case.method == "POST" and pick(case.body, [True, True, False]):
        give(case, running)
    headers |= how.pop("headers", {})
    quick = 1 if case.operation.path.endswith("/changes") else 20
    answer = case.call(base_url=running.url, session=session, headers=headers, timeout=quick, **how)
    checks = [
        check
        for check in CHECKS
        if check is not negative_data_rejection or not case.operation.path.endswith("/commands")
    ]
    case.validate_response(answer, checks=checks)
    opened = case.operation.definition.raw.get("security") == []
    if answer.status_code < 400 and not opened:
        assert key in (running.key, running.writing.bearer), f"{case.operation.label} was answered without a good key"
        other = PROJECTS if key == running.key else APPLICATIONS
        assert not re.search(other, case.operation.path), f"{case.operation.label} was answered with another's key"
    assert not any(name.lower().startswith("access-control") for name in answer.headers)


def give(case: Case, running: House) -> None:
    """The project's own ledger, with something wrong in it."""
    lines = list(running.ledger)
    seed = repr(case.body)
    place = zlib.crc32(seed.encode()) % len(lines)
    if pick(seed, [True, False]):
        # Nothing, at the right place.
        case.body = canonical({"extends": running.writing.head()}).decode()
        return
    wrong = pick(seed, ["left out", "twice", "cut", "other", "whole"])
    if wrong == "left out":
        del lines[place]
    elif wrong == "twice":
        lines.insert(place, lines[place])
    elif wrong == "cut":
        lines[place] = lines[place][: len(seed) * 7 % len(lines[place])]
    elif wrong == "other":
        lines[place] = str(case.body)
    extends = pick(seed + "head", [{"seq": 0, "digest": "0" * 64}, {"seq": place, "digest": digest(lines[0].encode())}])
    case.body = "\n".join([canonical({"extends": extends}).decode(), *lines])


@schemathesis.serializer("application/x-ndjson")
def lines(ctx: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def bounded(examples: int) -> Any:
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


APPLICATIONS = r"^/v1/(prompts|environment)|^/api/public/"
PROJECTS = r"^/v1/projects/"
OPEN = r"^/(healthz|readyz|metrics|openapi.json)$"
FEW = max(EXAMPLES // 5, 2)


@schema.include(path_regex=f"{APPLICATIONS}|/v1/me").parametrize()
@bounded(EXAMPLES)
def test_what_applications_read(case: Case, running: House, session: FirstEvent) -> None:
    tried(case, running, session, running.key)


@schema.include(path_regex=f"{PROJECTS}|/v1/me").parametrize()
@bounded(EXAMPLES)
def test_what_people_read_and_write(case: Case, running: House, session: FirstEvent) -> None:
    tried(case, running, session, running.writing.bearer)


@schema.include(path_regex=OPEN).parametrize()
@bounded(FEW)
def test_what_needs_no_key(case: Case, running: House, session: FirstEvent) -> None:
    tried(case, running, session, None)


@schema.include(path_regex=PROJECTS).parametrize()
@bounded(FEW)
def test_an_application_at_the_door_of_people(case: Case, running: House, session: FirstEvent) -> None:
    tried(case, running, session, running.key)


@schema.include(path_regex=APPLICATIONS).parametrize()
@bounded(FEW)
def test_people_at_the_door_of_applications(case: Case, running: House, session: FirstEvent) -> None:
    tried(case, running, session, running.writing.bearer)


@schema.exclude(path_regex=OPEN).parametrize()
@bounded(FEW)
def test_nobody_and_a_revoked_key(case: Case, running: House, session: FirstEvent) -> None:
    tried(case, running, session, pick(case, [None, running.revoked]))


def test_what_it_says_of_itself_afterwards(running: House) -> None:
    assert requests.get(f"{running.url}/readyz", timeout=20).text == "ready"
    text = requests.get(f"{running.url}/metrics", timeout=20).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert all(family.documentation for family in families.values())
    counted = [sample for sample in families["galley_requests"].samples if sample.name == "galley_requests_total"]
    assert sum(sample.value for sample in counted if sample.labels["status"] == "200") > 0
    assert not [sample for sample in counted if sample.labels["status"] == "500"]
    log = running.log()
    assert '"level":"ERROR"' not in log, next(line for line in log.splitlines() if '"ERROR"' in line)
    for secret in (running.key, running.revoked, running.writing.bearer, running.reading.bearer, UNIT):
        assert secret not in log
    assert "hold" in running.verify()


def test_every_call_was_answered_well_at_least_once(running: House) -> None:
    text = requests.get(f"{running.url}/metrics", timeout=20).text
    good = {
        (sample.labels["route"], sample.labels["method"])
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "galley_requests_total" and sample.labels["status"].startswith("2")
    }
    # What is refused whoever calls has no good answer; a change to a ledger must extend it exactly.
    calls = {
        (operation.path, operation.method.upper())
        for found in schema.get_all_operations()
        for operation in [found.ok()]
        if any(status.startswith("2") for status in operation.definition.raw["responses"])
    }
    assert calls - good == set()
