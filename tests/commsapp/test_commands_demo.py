"""manage.py demo: what it loads, what it tells (contract 6), and what it does when asked again."""

from __future__ import annotations

import json
import re
import shutil
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count
from django.test import override_settings

from commsapp.api.authentication import actor_of
from commsapp.core import records
from commsapp.core.actors import Actor
from commsapp.core.audit import sentence
from commsapp.db.ids import read_guid
from commsapp.models import Channel, Client, Licensee, Operation, User
from contacts.models import AlternateKey, Contact, ContactConnection, ContactGroup, DataSource, Role
from groups import operations as groups
from groups.models import Membership, Recipient, RecipientGroup
from quotes import operations as quotes
from quotes.models import Product, Quote, QuoteLineItem

KEYS = {
    "base_url", "licensee", "contact_group", "contacts", "data_source", "group_role",
    "connection_role", "recipient_group", "recipients", "product", "quote", "quote_line_item",
    "client", "access_token", "users", "reader", "outsider",
}  # fmt: skip


def run(*args):
    out = StringIO()
    call_command("demo", *args, stdout=out)
    return out.getvalue()


def told():
    return json.loads(run("--json"))


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker, tmp_path_factory):
    """The demo, loaded once around all tests here, each of which takes back what it did to it."""
    folder = tmp_path_factory.mktemp("demo")
    quick = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "commsapp.api.oauth.hashers.SecretHasher",
    ]
    with (
        django_db_blocker.unblock(),
        override_settings(VAR_DIR=folder, PASSWORD_HASHERS=quick),
        transaction.atomic(),
    ):
        run("--json", "--force")  # also where the tests' database is on another machine
        yield folder / "demo.json"
        transaction.set_rollback(True)


@pytest.fixture
def var(settings, tmp_path, monkeypatch):
    settings.VAR_DIR = tmp_path / "var"
    monkeypatch.delenv("BASE_URL", raising=False)
    return settings.VAR_DIR


@pytest.fixture
def demo(loaded, db, var):
    var.mkdir()
    shutil.copy(loaded, var)
    return told()


def integration():
    return Actor.of(User.objects.get(username="integration"), Channel.COMMAND)


def assert_fit(demo):
    """Everything that is told may be used for what it is told for."""
    licensee = demo["licensee"]
    customer = ContactGroup.objects.get(pk=demo["contact_group"], licensee=licensee)
    assert not customer.is_archived
    contacts = Contact.objects.filter(pk__in=demo["contacts"], licensee=licensee, archived_at=None)
    assert contacts.count() == len(demo["contacts"]) >= 3
    assert DataSource.objects.get(pk=demo["data_source"], licensee=licensee).is_active
    assert Role.objects.get(pk=demo["group_role"], licensee=licensee).kind == "group"
    assert Role.objects.get(pk=demo["connection_role"], licensee=licensee).kind == "connection"

    group = RecipientGroup.objects.get(pk=demo["recipient_group"], licensee=licensee)
    members = Recipient.objects.filter(memberships__group=group)
    addable = Recipient.objects.eligible_for(group).exclude(pk__in=members.values("pk"))
    assert addable.filter(pk__in=demo["recipients"]).count() == len(demo["recipients"]) >= 5

    product = Product.objects.get(pk=demo["product"], licensee=licensee)
    assert (product.is_active, product.currency) == (True, "EUR")
    quote = Quote.objects.get(pk=demo["quote"], licensee=licensee)
    assert (quote.is_open, quote.currency) == (True, "EUR")
    line = QuoteLineItem.objects.get(pk=demo["quote_line_item"])
    assert (line.quote, line.recipient_group, line.recipient) == (quote, group, None)
    assert not line.is_split
    assert members.exists()
    assert not members.exclude(archived_at=None).exists()
    groups.add_recipients(group.pk, demo["recipients"], by=integration(), dry_run=True)
    planned = quotes.split_line(line.pk, by=integration(), dry_run=True)
    assert planned.created == group.member_count == members.count()


# --- What it tells --------------------------------------------------------------------------


def test_it_tells_exactly_what_the_contract_names(demo):
    assert set(demo) == KEYS
    assert set(demo["client"]) == {"client_id", "client_secret"}
    assert set(demo["users"]) == {"admin", "sales", "integration", "reader"}
    assert all(set(login) == {"username", "password"} for login in demo["users"].values())
    assert set(demo["reader"]) == set(demo["outsider"]) == {"access_token"}
    for name in KEYS - {"base_url", "client", "access_token", "users", "reader", "outsider"}:
        for id in [demo[name]] if isinstance(demo[name], str) else demo[name]:
            assert read_guid(id)
    assert_fit(demo)


def test_each_login_signs_in_as_who_it_is_said_to_be(demo, rf):
    for name, login in demo["users"].items():
        user = authenticate(rf.post("/"), **login)
        assert user is not None, name
        assert user.is_superuser == (name == "admin")
    roles = dict(User.objects.values_list("username", "groups__name"))
    assert roles == {
        "admin": None, "sales": "Sales staff", "integration": "Integration",
        "reader": "Read only", "outsider": "Integration",
    }  # fmt: skip


def test_each_token_is_of_its_user_and_licensee(demo, rf):
    def who(token):
        return actor_of(rf.get("/", headers={"Authorization": f"Bearer {token}"}), "rest")

    ours, other = (
        Licensee.objects.get(pk=demo["licensee"]),
        Licensee.objects.exclude(pk=demo["licensee"]),
    )
    assert who(demo["access_token"]).licensees == {ours.pk}
    assert who(demo["access_token"]).user.has_perm("groups.change_recipientgroup")
    assert who(demo["reader"]["access_token"]).licensees == {ours.pk}
    assert not who(demo["reader"]["access_token"]).user.has_perm("groups.change_recipientgroup")
    assert who(demo["outsider"]["access_token"]).licensees == {other.get().pk}
    assert who(demo["outsider"]["access_token"]).user.has_perm("groups.change_recipientgroup")


def test_the_printed_text_has_the_address_the_logins_and_two_curl_lines(demo):
    text = run()
    assert demo["base_url"] in text
    for login in demo["users"].values():
        assert re.search(rf"{login['username']} +{login['password']}", text)
    curls = [line for line in text.splitlines() if line.startswith("curl ")]
    assert len(curls) == 2
    assert (
        f"/services/data/v64.0/connect/comms-sales/recipient-group/{demo['recipient_group']}"
        in curls[0]
    )
    assert curls[0].count(demo["recipients"][0]) == 1
    assert "/json/reply/SaveContactGroup" in curls[1]
    assert all(demo["access_token"] in line for line in curls)


def test_the_address_is_where_it_was_last_served(demo, monkeypatch):
    assert demo["base_url"] == "http://127.0.0.1:8000"
    monkeypatch.setenv("BASE_URL", "http://127.0.0.1:9000")
    run()
    monkeypatch.delenv("BASE_URL")
    assert told()["base_url"] == "http://127.0.0.1:9000"


def test_secrets_are_kept_in_a_file_for_its_owner_only(demo, var):
    [file] = var.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert demo["access_token"] in file.read_text()


def test_no_secret_is_in_the_database(demo):
    client = Client.objects.get(client_id=demo["client"]["client_id"])
    assert demo["client"]["client_secret"] not in client.client_secret
    for login in demo["users"].values():
        assert not User.objects.filter(password__contains=login["password"]).exists()


# --- Asked again ----------------------------------------------------------------------------


def counts():
    models = (User, Client, Licensee, Operation, Contact, ContactGroup, Recipient, Membership)
    return [model.objects.count() for model in (*models, Product, Quote, QuoteLineItem)]


def test_asked_again_it_says_the_same_and_writes_nothing_new(demo):
    before = counts()
    assert told() == demo
    assert counts() == before


def test_what_was_used_up_is_topped_up(demo):
    by = integration()
    groups.add_recipients(demo["recipient_group"], demo["recipients"], by=by)
    quotes.split_line(demo["quote_line_item"], by=by)
    again = told()
    assert_fit(again)
    assert again["quote_line_item"] != demo["quote_line_item"]
    assert not {*again["recipients"]} & {*demo["recipients"]}


@pytest.mark.parametrize(
    "use_up",
    [
        lambda demo, by: [quotes.change_quote_status(demo["quote"], "submit", by=by),
                          quotes.change_quote_status(demo["quote"], "approve", by=by)],
        lambda demo, by: records.archive(ContactGroup, [demo["contact_group"]], by=by),
        lambda demo, by: records.archive(RecipientGroup, [demo["recipient_group"]], by=by),
        lambda demo, by: records.archive(Recipient, demo["recipients"], by=by),
        lambda demo, by: records.archive(Contact, demo["contacts"], by=by),
        lambda demo, by: records.archive(
            Recipient,
            [str(Membership.objects.filter(group=demo["recipient_group"])[0].recipient_id)],
            by=by,
        ),
        lambda demo, by: groups.set_recipients(demo["recipient_group"], [], by=by),
        lambda demo, by: [records.edit(DataSource, row.pk, {"is_active": False}, by=by)
                          for row in DataSource.objects.filter(licensee=demo["licensee"])],
        lambda demo, by: [records.edit(Product, row.pk, {"is_active": False}, by=by)
                          for row in Product.objects.filter(licensee=demo["licensee"])],
        lambda demo, by: records.edit(
            ContactGroup, demo["contact_group"], {"name": "Another name"}, by=by
        ),
    ],
    ids=["quote approved", "customer archived", "group archived", "recipients archived",
         "contacts archived", "member archived", "group emptied", "sources inactive",
         "products inactive", "customer renamed"],
)  # fmt: skip
def test_whatever_was_done_to_it_what_it_tells_is_fit(demo, use_up):
    use_up(demo, integration())
    assert_fit(told())


def test_a_token_that_ran_out_is_renewed(demo, rf):
    from oauth2_provider.models import get_access_token_model

    get_access_token_model().objects.all().delete()
    request = rf.get("/", headers={"Authorization": f"Bearer {told()['access_token']}"})
    assert actor_of(request, "rest").user.username == "integration"


def test_a_login_that_was_changed_is_as_told_again(demo, rf):
    user = User.objects.get(username="reader")
    user.set_password("another")
    user.is_active = False
    user.save()
    user.user_permissions.set(Permission.objects.all()[:3])
    assert authenticate(rf.post("/"), **told()["users"]["reader"]) == user
    assert not user.user_permissions.exists()


def test_without_the_file_there_are_new_secrets_that_work(demo, var, rf):
    (var / "demo.json").unlink()
    again = told()
    assert again["users"]["sales"]["password"] != demo["users"]["sales"]["password"]
    assert authenticate(rf.post("/"), **again["users"]["sales"]) is not None
    assert again["client"] != demo["client"]


# --- What there is --------------------------------------------------------------------------


def test_a_file_that_is_none_of_its_own_is_refused_by_name(demo, var):
    (var / "demo.json").write_text("")  # as `demo --json > var/demo.json` leaves it
    passwords = User.objects.values_list("password").order_by("pk")
    before = [*passwords]
    with pytest.raises(CommandError, match=r"demo\.json"):
        call_command("demo")
    assert [*passwords.all()] == before


def test_it_looks_like_a_reseller(demo):
    ours = {"licensee": demo["licensee"]}
    customers = ContactGroup.objects.filter(**ours, role__name="Customer")
    sizes = sorted(customers.annotate(size=Count("recipients")).values_list("size", flat=True))
    assert (sizes[0], sizes[-1]) == (10, 2000)
    assert Recipient.objects.filter(**ours).values("recipient_type").distinct().count() == 2
    assert Recipient.objects.filter(**ours).values("country").distinct().count() >= 6
    assert {*Product.objects.filter(**ours).values_list("currency", flat=True)} == {
        "EUR", "JPY", "KWD",
    }  # fmt: skip
    statuses = {*Quote.objects.filter(**ours).values_list("status", flat=True)}
    assert statuses == {*Quote.Status.values}
    lines = QuoteLineItem.objects.filter(**ours)
    assert lines.filter(recipient_group=None).exists()
    assert lines.live().exists()
    assert lines.exclude(split_at=None).exists()
    assert lines.exclude(recipient=None).exists()
    sources = AlternateKey.objects.filter(**ours, kind="contact_group").values("data_source")
    assert sources.distinct().count() == 2


def test_every_group_of_contacts_has_them_in_an_order_without_gaps(demo):
    for group in ContactGroup.objects.all():
        positions = ContactConnection.objects.filter(group=group).values_list("position", flat=True)
        assert sorted(positions) == list(range(1, len(positions) + 1))


def test_numbers_ring_nowhere_and_names_are_reserved_for_examples(demo):
    reserved = re.compile(
        r"\+(447700900\d{3}|3363998\d{4}|4917139200\d\d|49176040690\d\d|1\d{3}55501\d\d)"
    )
    for number in Recipient.objects.exclude(msisdn="").values_list("msisdn", flat=True):
        assert reserved.fullmatch(number), number
    for email in Recipient.objects.exclude(email="").values_list("email", flat=True):
        assert email.endswith(".example")


def test_every_record_is_one_that_a_form_would_take(demo):
    for recipient in Recipient.objects.all()[::50]:
        recipient.full_clean()
    for line in QuoteLineItem.objects.select_related("quote", "product")[::50]:
        line.full_clean()


def test_its_history_is_real(demo):
    channels = {*Operation.objects.values_list("channel", flat=True)}
    assert channels == {*Channel.values}
    for operation in Operation.objects.select_related("undone_by"):
        assert sentence(operation)
    counted = RecipientGroup.objects.annotate(members=Count("memberships"))
    assert all(group.member_count == group.members for group in counted)
