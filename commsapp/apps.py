from importlib import import_module

from django.apps import AppConfig, apps
from django.core.signals import request_finished
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from commsapp.logs import request_context

ROOMS = ("contacts", "groups", "quotes")


class CommsappConfig(AppConfig):
    name = "commsapp"
    verbose_name = _("Administration")

    def ready(self) -> None:
        """Load every room's operations, so that the ledger knows every kind and its inverse."""
        import_module("commsapp.http.sign_in_log")  # receives signals
        request_finished.connect(request_context.clear)
        import_module("commsapp.core.records")
        for room in ROOMS:
            import_module(f"{room}.operations")
        # By then the permissions of all rooms are there: INSTALLED_APPS has the rooms before it.
        roles = import_module("commsapp.core.default_groups")
        post_migrate.connect(roles.make_ready_groups, sender=apps.get_app_config("auth"))
