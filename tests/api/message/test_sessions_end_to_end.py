"""Sessions over HTTP: with the official Python client, and with what a served installation logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import requests
from dataclasses_json import LetterCase, Undefined, dataclass_json
from servicestack import (
    Authenticate,
    AuthenticateResponse,
    IPost,
    IReturn,
    JsonServiceClient,
    ResponseStatus,
    WebServiceException,
)

from tests.served import Installation, free_port, gunicorn

SAVE = "/json/reply/SaveContactGroup"
_CAMEL_CASE: Any = LetterCase.CAMEL  # a function, in a type that says it is none


@dataclass_json(letter_case=_CAMEL_CASE, undefined=Undefined.EXCLUDE)
@dataclass
class Group:
    contact_group_name: str | None = None
    group_role_id: str | None = None


@dataclass_json(letter_case=_CAMEL_CASE, undefined=Undefined.EXCLUDE)
@dataclass
class SaveContactGroup(IReturn[ResponseStatus], IPost):
    suite_data_source_instance_id: str | None = None
    alternate_key: str | None = None
    contact_group: Group | None = None


@pytest.fixture
def saves(demo):
    """A request to save a contact group that no other test has saved."""
    group = Group("Example Customer", demo["group_role"])
    return SaveContactGroup(demo["data_source"], f"KEY-{uuid4().hex}", group)


def credentials(demo, **more):
    user = demo["users"]["integration"]
    return Authenticate(
        provider="credentials", user_name=user["username"], password=user["password"], **more
    )


def refused(act):
    with pytest.raises(WebServiceException) as raised:
        act()
    return raised.value.status_code, raised.value.response_status.error_code


UNAUTHORIZED = (401, "Unauthorized")


@pytest.mark.filterwarnings("ignore")  # what the client does is its own business
def test_the_python_client_signs_in_saves_and_signs_out(demo, saves):
    client = JsonServiceClient(demo.base_url)
    assert refused(lambda: client.post(saves)) == UNAUTHORIZED
    answer = client.post(credentials(demo))
    assert isinstance(answer, AuthenticateResponse)
    assert answer.user_name == "integration"
    assert all([answer.user_id, answer.session_id, answer.display_name, answer.bearer_token])
    assert client.post(saves).meta["Outcome"] == "Created"  # by the cookie

    other = JsonServiceClient(demo.base_url)
    other.bearer_token = answer.bearer_token
    assert other.post(saves).meta["Outcome"] == "Unchanged"
    asked = JsonServiceClient(demo.base_url)
    assert asked.post(saves, args={"SessionId": answer.session_id}).meta["Outcome"] == "Unchanged"

    client.post(Authenticate(provider="logout"))
    assert refused(lambda: client.post(saves)) == UNAUTHORIZED
    assert refused(lambda: other.post(saves)) == UNAUTHORIZED


@pytest.mark.filterwarnings("ignore")
def test_the_python_client_reads_what_a_wrong_password_is_told(demo):
    client = JsonServiceClient(demo.base_url)
    wrong = Authenticate(provider="credentials", user_name=f"nobody-{uuid4().hex}", password="x")
    assert refused(lambda: client.post(wrong)) == UNAUTHORIZED


def test_the_cookie_over_the_wire_has_neither_expires_nor_age(demo):
    user = demo["users"]["integration"]
    with requests.Session() as browser:
        form = {"userName": user["username"], "password": user["password"]}
        answer = browser.post(f"{demo.base_url}/auth/credentials", data=form, timeout=30)
        cookie = answer.headers["Set-Cookie"].lower()
        assert "expires" not in cookie
        assert "max-age" not in cookie
        assert "," not in cookie
        out = browser.post(f"{demo.base_url}/auth/logout", timeout=30)
        assert out.status_code == 200
        assert not browser.cookies


# In place of the application: what fails before, within and after Django's own handling.
_FAILING = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "commsapp.settings"
from commsapp import wsgi
from contacts import message


def run(view, requests):
    raise ZeroDivisionError("within")


message.SaveContactGroupViewSet.run = run


served = wsgi.application


def failing(environ, start_response):
    answer = served(environ, start_response)
    if "after=1" in environ["QUERY_STRING"]:
        raise ZeroDivisionError("after")
    return answer


wsgi.application = failing
from commsapp.asgi import application  # noqa: E402, F401
"""


def test_served_installation_logs_no_session(installation, demo, tmp_path):
    user = demo["users"]["integration"]
    form = {"userName": user["username"], "password": user["password"]}
    told = requests.post(f"{demo.base_url}/auth/credentials", data=form, timeout=30).json()
    session, log = told["SessionId"], tmp_path / "gunicorn.log"
    (tmp_path / "failing.py").write_text(_FAILING)
    url = f"http://127.0.0.1:{free_port()}"
    env = {**installation.env, "LOG_LEVEL": "DEBUG", "PORT": url.rpartition(":")[2]}
    env |= {"PYTHONPATH": str(tmp_path), "WEB_CONCURRENCY": "1"}
    failing = Installation(url, env, installation.waiting)
    options = ("--access-logfile", "-", "--log-level", "debug")
    with gunicorn(failing, log, *options, application="failing:application"):
        cookie = {"Cookie": f"ss-id={session}"}
        for path, status, headers in (
            (f"{SAVE}?SessionId={session}", 500, {}),
            (f"{SAVE}?a=1&session_id={session}&after=1", 500, {}),
            (f"/json/nothing?SESSIONID={session}", 404, {}),
            (f"{SAVE}?SessionId={uuid4()}{session}", 401, {}),
            (SAVE, 500, {"X-ss-id": session}),
            (SAVE, 500, cookie),
        ):
            answer = requests.post(f"{url}{path}", "{}", headers=headers, timeout=30)
            assert answer.status_code == status, (path, answer.text)
    logged = log.read_text()
    assert "ZeroDivisionError: within" in logged
    assert "ZeroDivisionError: after" in logged
    assert "POST /json/nothing" in logged  # in gunicorn's own log, were somebody to ask for it
    assert session not in logged
    assert session.replace("-", "") not in logged
