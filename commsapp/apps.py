from importlib import import_module

from django.apps import AppConfig, apps
from django.core.signals import request_finished
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from commsapp.logs import request_context

APPS = ("contacts", "groups", "quotes")


class CommsappConfig(AppConfig):
    name = "commsapp"
    verbose_name = _("Administration")

    def ready(self) -> None:
        """Load every app's operations, so that the ledger knows every kind and its inverse."""
        import_module("commsapp.http.sign_in_log")  # receives signals
        request_finished.connect(request_context.clear)
        import_module("commsapp.core.records")
        for app in APPS:
            import_module(f"{app}.operations")
        # By then the permissions of all apps are there: INSTALLED_APPS has the apps before it.
        roles = import_module("commsapp.core.default_groups")
        post_migrate.connect(roles.make_ready_groups, sender=apps.get_app_config("auth"))
