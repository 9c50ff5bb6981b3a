"""manage.py demo on a database that is not its own."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

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
    demo = json.loads(out.getvalue())
    assert demo["users"]["admin"]["username"] == "demo-admin"
    assert User.objects.values("password", "is_superuser").get(pk=somebody.pk) == before
    assert Quote.objects.filter(pk=demo["quote"], licensee=demo["licensee"]).exists()
    assert not Recipient.objects.filter(licensee=source.licensee).exists()
