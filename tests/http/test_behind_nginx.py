"""The product behind nginx, as docs/operating/nginx.conf sets it up."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import requests

from tests.api.message.requests_and_answers import Talk, lines
from tests.http.certificates import make_certificate
from tests.http.slow import HALF_A_HEAD, SILENCE, answers, slow_body, slow_clients
from tests.plugin import find_program
from tests.run_folder import ROOT
from tests.served import Demo, Installation, free_port, gunicorn

pytestmark = [pytest.mark.needs("nginx"), pytest.mark.once]


@dataclass(frozen=True)
class Proxied:
    """The addresses of nginx, and the certificate to trust."""

    base_url: str
    plain_url: str
    certificate: str


@pytest.fixture(scope="module")
def proxied(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxied]:
    """nginx with the sample, but for its ports, its host and its certificate."""
    folder = tmp_path_factory.mktemp("nginx")
    app, https, http = (str(free_port()) for _ in range(3))
    certificate = make_certificate(folder)
    sample = (ROOT / "docs/operating/nginx.conf").read_text()
    for pattern, value in (
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{app}"),
        (r"listen 443 ", f"listen 127.0.0.1:{https} "),
        (r"listen 80;", f"listen 127.0.0.1:{http};"),
        (r"server_name [^;]+;", "server_name localhost;"),
        (r"ssl_certificate [^;]+;", f"ssl_certificate {certificate};"),
        (r"ssl_certificate_key [^;]+;", f"ssl_certificate_key {folder / 'key.pem'};"),
    ):
        sample, changed = re.subn(pattern, value, sample)
        assert changed, pattern
    user = "" if os.geteuid() else "user root;"  # whose the folder is
    (folder / "nginx.conf").write_text(_MAIN.format(user=user, folder=folder, sample=sample))
    url = f"https://localhost:{https}"
    env = {**installation.env, "PORT": app, "TRUSTED_PROXY": "on", "PUBLIC_URL": url}
    behind = replace(installation, base_url=f"http://127.0.0.1:{app}", env=env)
    command = [find_program("nginx") or "nginx", "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    with (
        gunicorn(behind, folder / "gunicorn.log"),
        (folder / "nginx.log").open("wb") as log,
        subprocess.Popen(command, stderr=log) as nginx,
    ):
        try:
            _wait_for(url, certificate)
            yield Proxied(url, f"http://localhost:{http}", certificate)
        finally:
            nginx.terminate()
            nginx.wait(30)


_MAIN = """
{user}
daemon off;
pid {folder}/nginx.pid;
worker_processes 2;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {sample}
}}
"""


def _wait_for(url: str, certificate: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{url}/services/data", timeout=5, verify=certificate).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError(Path(certificate).with_name("nginx.log").read_text())


@pytest.mark.parametrize(
    "begun",
    [
        [(HALF_A_HEAD, 200), (slow_body("/auth/credentials"), 200)],
        [(SILENCE, 200)],
    ],
    ids=["200 heads and 200 bodies", "200 silent connections"],
)
def test_slow_clients_keep_nobody_waiting(proxied, begun):
    with slow_clients(proxied.plain_url, *begun), slow_clients(proxied.base_url, (SILENCE, 200)):
        assert answers(proxied.base_url, verify=proxied.certificate) == [200] * 5


def test_clients_are_told_the_public_address_and_cookies_are_secure(proxied, shared_demo):
    client = shared_demo["client"]
    form = {
        "grant_type": "client_credentials",
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
    }
    url = f"{proxied.base_url}/services/oauth2/token"
    answer = requests.post(url, form, timeout=30, verify=proxied.certificate)
    assert answer.json()["instance_url"] == proxied.base_url
    page = requests.get(f"{proxied.base_url}/admin/", timeout=30, verify=proxied.certificate)
    assert page.url.startswith(f"{proxied.base_url}/admin/login/")
    assert "Secure" in page.headers["Set-Cookie"]


def test_people_are_led_to_https_and_clients_are_not(proxied):
    page = requests.get(f"{proxied.plain_url}/admin/", timeout=30, allow_redirects=False)
    assert (page.status_code, page.headers["Location"]) == (301, "https://localhost/admin/")
    url = f"{proxied.plain_url}/services/data"
    assert requests.get(url, timeout=30, allow_redirects=False).status_code == 404


def test_stream_is_answered_line_by_line_while_it_is_sent(proxied, shared_demo):
    demo = Demo(proxied.base_url, shared_demo.output)
    with closing(Talk(demo, certificate=proxied.certificate)) as talk:
        for place in range(3):
            talk.send(lines({"x": place}))
            assert talk.read()["Meta"]["Line"] == str(place + 1)
        assert talk.end() == []


def test_body_over_the_limit_is_refused_in_the_words_of_its_api(proxied, shared_demo):
    url = f"{proxied.base_url}/api/v1/contacts"
    headers = {"Authorization": f"Bearer {shared_demo['access_token']}"}
    headers["Content-Type"] = "application/json"
    answer = requests.post(
        url, b" " * (16 * 1024 * 1024 + 1), headers=headers, timeout=60, verify=proxied.certificate
    )
    assert answer.status_code == 413
    assert json.loads(answer.content)["detail"]
