"""manage.py demo: a telecom reseller to look at and to try out, and how to get in."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from ipaddress import ip_address
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from commsapp.core.actors import Actor
from commsapp.demo import sample_data
from commsapp.demo.accounts import Logins, SecretFile, make_logins
from commsapp.demo.edge_cases import EdgeCaseMaker, EdgeCases
from commsapp.demo.quotes import QuoteHistory
from commsapp.demo.sample_data import fixed_id
from commsapp.models import Channel, Licensee, User

OTHERS = (
    "This database holds other data than the demo's, so nothing was changed. Load the demo beside "
    "it with --force; or serve without it: gunicorn --config commsapp/server/gunicorn_conf.py "
    "commsapp.asgi:application"
)
NOT_LOCAL = (
    "This database is on another machine, so nothing was changed: the demo makes a superuser and "
    "prints the password. Run `manage.py demo --force` if that is wanted; or serve without it: "
    "gunicorn --config commsapp/server/gunicorn_conf.py commsapp.asgi:application"
)


class Command(BaseCommand):
    help = "Load the demo data, or top up what was used, and tell how to get in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--force",
            action="store_true",
            help="also beside other data, or on another machine's database",
        )

    def handle(self, *args: Any, force: bool, **options: Any) -> None:
        kept = SecretFile.read()
        base_url = os.environ.get("BASE_URL") or kept.values.get("base_url")
        kept.values["base_url"] = base_url = base_url or "http://127.0.0.1:8000"
        with transaction.atomic():
            logins, trial = _load(kept, force=force)
        kept.write()
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(base_url, logins, trial), indent=2))
        else:
            self.stdout.write(_shown(base_url, logins, trial))


def _load(kept: SecretFile, *, force: bool) -> tuple[Logins, EdgeCases]:
    ids = [fixed_id("the reseller"), fixed_id("another reseller")]
    loaded = Licensee.objects.filter(pk=ids[0]).exists()
    if not (loaded or force):
        if Licensee.objects.exists() or User.objects.exists():
            raise CommandError(OTHERS)
        if not _is_local():
            raise CommandError(NOT_LOCAL)
    reseller, other = (
        Licensee.objects.get_or_create(pk=pk, defaults={"name": name})[0]
        for pk, name in zip(ids, (sample_data.RESELLER, sample_data.OTHER_RESELLER), strict=True)
    )
    logins = make_logins(kept, reseller, other)
    users = {name: login.user for name, login in logins.users.items()}
    if not loaded:
        people = {"staff": users["sales"], "head": users["admin"], "machine": users["integration"]}
        QuoteHistory(reseller, 0, **people).tell(sample_data.CUSTOMERS, sample_data.QUOTES)
        outsiders = dict.fromkeys(people, logins.outsider_user)
        QuoteHistory(other, 9, **outsiders).tell(
            sample_data.OTHER_CUSTOMERS, sample_data.OTHER_QUOTES
        )
    by = Actor.of(users["integration"], Channel.COMMAND)
    return logins, EdgeCaseMaker(reseller, by).trial()


def _is_local() -> bool:
    """Whether the database is a file, or a server on this machine that is spoken to directly."""
    if connection.vendor == "sqlite":
        return True
    connection.ensure_connection()
    server = connection.connection.info  # what the driver connected to, whoever named the host
    return server.host.startswith(("/", "@")) or ip_address(server.hostaddr).is_loopback


def _as_json(base_url: str, logins: Logins, trial: EdgeCases) -> dict[str, Any]:
    """What `--json` prints (contract 6)."""
    return {
        "base_url": base_url,
        "licensee": str(trial.quote.licensee_id),
        "contact_group": str(trial.contact_group.pk),
        "contacts": [str(contact.pk) for contact in trial.contacts],
        "data_source": str(trial.data_source.pk),
        "group_role": str(trial.group_role.pk),
        "connection_role": str(trial.connection_role.pk),
        "recipient_group": str(trial.recipient_group.pk),
        "recipients": [str(recipient.pk) for recipient in trial.recipients],
        "product": str(trial.product.pk),
        "quote": str(trial.quote.pk),
        "quote_line_item": str(trial.quote_line_item.pk),
        "client": {
            "client_id": logins.integration.client_id,
            "client_secret": logins.integration.client_secret,
        },
        "access_token": logins.integration.access_token,
        "users": {
            name: {"username": login.user.username, "password": login.password}
            for name, login in logins.users.items()
        },
        "reader": {"access_token": logins.reader.access_token},
        "outsider": {"access_token": logins.outsider.access_token},
    }


_MAY = {
    "admin": "everything",
    "sales": "recipients, groups, quotes",
    "integration": "all that the APIs offer; no staff pages",
    "reader": "look, and change nothing",
}


def _shown(base_url: str, logins: Logins, trial: EdgeCases) -> str:
    lines = ["", f"commsapp   {base_url}", ""]
    for name, login in logins.users.items():
        lines.append(f"  {login.user.username:12} {login.password}   {_MAY[name]}")
    token = logins.integration.access_token
    lines += [
        "",
        f"Add two recipients to the group “{trial.recipient_group}”:",
        "",
        _curl(
            "PATCH",
            f"{base_url}/services/data/v64.0/connect/comms-sales"
            f"/recipient-group/{trial.recipient_group.pk}/recipients",
            token,
            {
                "recipientsAction": "Add",
                "recipientsList": [str(recipient.pk) for recipient in trial.recipients[:2]],
            },
        ),
        "",
        "Save a contact group as the CRM suite does:",
        "",
        _curl(
            "POST",
            f"{base_url}/json/reply/SaveContactGroup",
            token,
            {
                "SuiteDataSourceInstanceId": str(trial.data_source.pk),
                "AlternateKey": "EXAMPLE-1",
                "ContactGroup": {
                    "ContactGroupName": "Example Customer",
                    "GroupRoleId": str(trial.group_role.pk),
                    "ContactConnections": [
                        {"Index": 1, "ContactId": str(trial.contacts[0].pk)},
                        {"Index": 2, "ContactId": str(trial.contacts[1].pk)},
                    ],
                },
            },
        ),
        "",
        "The token lives for a week; `manage.py demo` renews it.",
        "",
    ]
    return "\n".join(lines)


def _curl(method: str, url: str, token: str, body: dict[str, Any]) -> str:
    """One line for a shell. No value in it holds a quote."""
    return (
        f"curl -X {method} '{url}' -H 'Authorization: Bearer {token}'"
        f" -H 'Content-Type: application/json' -d '{json.dumps(body)}'"
    )
