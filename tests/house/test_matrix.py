"""Every route × role × in or out of scope gives what the policy says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import AnyConverter, BaseConverter, IntegerConverter, Rule

from lms.access.actions import Action
from lms.access.models import Account
from lms.access.policy import POLICY, Role, Scope, scope_of
from lms.access.services import narrow, person_of
from lms.core.db import Model, db
from lms.demo.services import PASSWORD
from tests import stores
from tests.bank import TODAY
from tests.conftest import PROFILE

pytestmark = pytest.mark.store

ROLES = ("trainee", "trainer", "supervisor", "head", "hr", "compliance", "admin", "security", "audit")
# A small run plays every role on SQLite; on PostgreSQL one pair a route shows that the clauses run there.
PLAYED = ROLES if stores.STORE == "sqlite" or PROFILE == "full" else ("trainee", "hr")
NARROWED_INSIDE = {"appraisal.grid"}
"""Routes whose argument is a cycle everybody may name, and whose rows (the people rated) are narrowed."""
NOWHERE = 987_654_321
PER_SIDE = 4 if PROFILE == "full" else 2
LINKS = 40 if PROFILE == "full" else 6
LINK = re.compile(r'href="(/[^"#]*)')


PLACES = {"block", "line"}
"""Arguments that are a place in something already named, not a row."""


def models() -> dict[str, type[Model]]:
    """Which model an argument of a route names."""
    by_table = {mapper.class_.__tablename__: mapper.class_ for mapper in Model.registry.mappers}
    tables = {
        "scheme_id": "scheme",
        "cycle_id": "cycle",
        "appraisal_id": "appraisal",
        "enrolment_id": "enrolment",
        "attempt_id": "attempt",
        "cohort_id": "cohort",
        "wave_id": "feedback_wave",
        "employee_id": "employee",
        "version_id": "course_version",
        "lesson_id": "lesson",
        "sitting_id": "sitting",
        "proposal_id": "proposal",
        "upload_id": "import_upload",
        "batch_id": "import_batch",
        "model_id": "data_model",
        "account_id": "account",
        "job_id": "job",
        "document_id": "issued_document",
        "zip_id": "unit_zip",
        "grant_id": "grant",
        "item_id": "attempt_item",
        "indicator_id": "indicator",
        "unit_id": "org_unit",
        "posting_id": "posting",
        "leave_id": "leave",
        "post_id": "post",
        "grade_id": "grade",
        "target_id": "target",
        "typed_id": "typed_value",
        "code_map_id": "code_map",
        "feed_id": "feed",
        "arrival_id": "arrival",
    }
    return {name: by_table[table] for name, table in tables.items() if table in by_table}


@pytest.fixture(scope="module", autouse=True)
def no_tokens(standing: Flask) -> None:
    standing.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture(scope="module", autouse=True)
def day() -> Iterator[None]:
    """The clock stands on the bank's day."""
    from lms.core import clock

    patch = pytest.MonkeyPatch()
    patch.setattr(clock, "now", lambda: clock.midnight(TODAY) + timedelta(hours=12))
    yield
    patch.undo()


def enter(app: Flask, username: str) -> Any:
    client = app.test_client()
    answer = client.post("/sign-in", data={"username": username, "password": PASSWORD})
    assert answer.status_code == 303
    return client


def routes(app: Flask) -> Iterator[tuple[Rule, str, Action | None]]:
    """Every rule with each of its methods and the action it requires."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if not hasattr(view, "__action__"):
            assert rule.endpoint in ("static", "bootstrap.static"), f"{rule.endpoint} has no guard"
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}):
            yield rule, method, view.__action__


def address(app: Flask, rule: Rule, value: int = NOWHERE) -> str:
    values = {name: example(converter, value) for name, converter in rule._converters.items()}
    with app.test_request_context():
        built: str = app.url_for(rule.endpoint, **values)
    return built.replace("http://localhost", "")


def example(converter: BaseConverter, value: int) -> int | str:
    """Something that an argument of a path takes."""
    if isinstance(converter, IntegerConverter):
        return value
    return min(converter.items) if isinstance(converter, AnyConverter) else "x"


def test_every_action_has_a_row_and_every_row_is_used(standing: Flask) -> None:
    used = {action for _, _, action in routes(standing) if action}
    assert set(POLICY) == set(Action)
    assert used <= set(Action)


def test_nobody_signed_in_reaches_nothing_but_the_public_pages(standing: Flask) -> None:
    client = standing.test_client()
    seen = 0
    for rule, method, action in routes(standing):
        if action is None:
            continue
        answer = client.open(address(standing, rule), method=method)
        wanted = 302 if method == "GET" else 401
        assert answer.status_code == wanted, (rule.rule, method, answer.status_code)
        seen += 1
    assert seen > 60


@pytest.mark.requirement("7.06")
@pytest.mark.parametrize("username", PLAYED)
def test_a_role_reaches_the_routes_of_its_row_and_no_other(standing: Flask, username: str) -> None:
    client = enter(standing, username)
    roles = roles_of(standing, username)
    for rule, method, action in routes(standing):
        if action is None or rule.endpoint == "accounts.me":
            continue
        allowed = any(scope_of(role, action) is not Scope.NONE for role in roles)
        if allowed and (method != "GET" or not rule.arguments):
            continue
        answer = client.open(address(standing, rule), method=method)
        if allowed:
            assert answer.status_code != 403, (rule.rule, method, username)
        else:
            assert answer.status_code == 403, (rule.rule, method, username, answer.status_code)


@pytest.mark.parametrize("username", PLAYED)
def test_a_role_reaches_the_rows_in_its_scope_and_no_other(standing: Flask, username: str) -> None:
    client, tried = enter(standing, username), 0
    known = models()
    for rule, method, action in routes(standing):
        first = next((name for name in known if name in rule.arguments), None)
        if action is None or first is None or rule.endpoint in NARROWED_INSIDE:
            continue
        inside, outside = sides(standing, username, known[first], action)
        for row_id in outside[:PER_SIDE]:
            answer = client.open(address(standing, rule, row_id), method=method)
            assert answer.status_code in (403, 404), (rule.rule, method, row_id, answer.status_code)
            tried += 1
        for row_id in inside[:PER_SIDE] if method == "GET" else ():
            answer = client.open(address(standing, rule, row_id), method=method)
            assert answer.status_code != 403, (rule.rule, method, row_id)
            assert answer.status_code < 500, (rule.rule, method, row_id)
            tried += 1
    assert tried > 10


def test_every_argument_names_a_model_that_the_matrix_knows(standing: Flask) -> None:
    known = set(models()) | PLACES
    for rule, _, _ in routes(standing):
        numbers = {name for name, kind in rule._converters.items() if isinstance(kind, IntegerConverter)}
        assert numbers <= known, f"tell models() what {numbers - known} of {rule.rule} is"


@pytest.mark.sampled
@pytest.mark.parametrize("username", PLAYED)
def test_no_page_links_to_what_its_reader_may_not_open(standing: Flask, username: str) -> None:
    """A list that is not narrowed shows itself by a link that leads to a refusal."""
    client, followed = enter(standing, username), set()
    for rule, method, action in routes(standing):
        if action is None or method != "GET" or rule.arguments:
            continue
        page = client.get(address(standing, rule))
        if page.status_code != 200 or not page.mimetype.startswith("text/html"):
            continue
        for link in sorted(set(LINK.findall(page.text)) - followed)[:LINKS]:
            followed.add(link)
            answer = client.get(link.replace("&amp;", "&"))
            assert answer.status_code < 400, (rule.rule, link, answer.status_code)
    assert followed


def test_every_change_asks_for_the_token_of_its_form(standing: Flask) -> None:
    clients = [enter(standing, username) for username in ROLES]
    standing.config["WTF_CSRF_ENABLED"] = True
    try:
        for rule, method, _ in routes(standing):
            if method == "GET":
                continue
            for client in clients[:1] if stores.STORE != "sqlite" else clients[:3]:
                answer = client.open(address(standing, rule), method=method)
                assert answer.status_code == 400, (rule.rule, method, answer.status_code)
    finally:
        standing.config["WTF_CSRF_ENABLED"] = False


def roles_of(app: Flask, username: str) -> set[Role]:
    with app.app_context():
        account = db.session().scalars(select(Account).where(Account.username == username)).one()
        return set(person_of(db.session(), account, TODAY, "zh").roles)


def sides(app: Flask, username: str, model: type[Model], action: Action) -> tuple[list[int], list[int]]:
    """The ids of a model that the policy lets somebody reach for an action, and those it does not."""
    with app.app_context():
        account = db.session().scalars(select(Account).where(Account.username == username)).one()
        person = person_of(db.session(), account, TODAY, "zh")
        everything = set(db.session().scalars(select(model.id)))
        inside = set(db.session().scalars(narrow(select(model.id), model, person, action, TODAY)))
    return sorted(inside), sorted(everything - inside)
