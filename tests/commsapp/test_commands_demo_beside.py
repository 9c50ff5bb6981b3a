"""manage.py demo on a database that is not its own."""

import json
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from commsapp.management.commands import demo
from commsapp.models import Licensee, User
from contacts.models import DataSource
from groups.models import Recipient
from quotes.models import Quote
from tests import factories


@pytest.fixture
def var(settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"
    return settings.VAR_DIR


def test_other_data_is_left_alone(alice, var):
    with pytest.raises(CommandError, match="--force"):
        call_command("demo", "--json", stdout=StringIO())
    assert User.objects.get() == alice
    assert Licensee.objects.get() == alice.licensees.get()
    assert not DataSource.objects.exists()
    assert not var.exists()


def test_forced_it_loads_beside_other_data_and_takes_over_nobody(db, var):
    somebody = factories.UserFactory(username="admin")
    before = User.objects.values("password", "is_superuser").get()
    source = factories.DataSourceFactory()
    out = StringIO()
    call_command("demo", "--json", "--force", stdout=out)
    told = json.loads(out.getvalue())
    assert told["users"]["admin"]["username"] == "demo-admin"
    assert User.objects.values("password", "is_superuser").get(pk=somebody.pk) == before
    assert Quote.objects.filter(pk=told["quote"], licensee=told["licensee"]).exists()
    assert not Recipient.objects.filter(licensee=source.licensee).exists()


@pytest.mark.parametrize(
    ("host", "address"), [("db.example", "192.0.2.1"), ("db.example", "2001:db8::1")]
)
def test_a_database_on_another_machine_is_left_alone(db, var, monkeypatch, host, address):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite's file is always on this machine")
    monkeypatch.setattr(psycopg.ConnectionInfo, "host", property(lambda info: host))
    monkeypatch.setattr(psycopg.ConnectionInfo, "hostaddr", property(lambda info: address))
    with pytest.raises(CommandError, match="another machine"):
        call_command("demo", "--json", stdout=StringIO())
    assert not User.objects.exists()
    assert not Licensee.objects.exists()
    assert not var.exists()
    call_command("demo", "--json", "--force", stdout=StringIO())
    assert User.objects.filter(username="admin", is_superuser=True).exists()
    call_command("demo", "--json", stdout=StringIO())  # its own data are there by now


@pytest.mark.parametrize(
    ("host", "address"), [("/run/postgresql", ""), ("localhost", "127.0.0.1"), ("here", "::1")]
)
def test_a_database_on_this_machine_gets_the_demo(db, var, monkeypatch, host, address):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite's file is always on this machine")
    monkeypatch.setattr(psycopg.ConnectionInfo, "host", property(lambda info: host))
    monkeypatch.setattr(psycopg.ConnectionInfo, "hostaddr", property(lambda info: address))
    assert demo._is_local()
