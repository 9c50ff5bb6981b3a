"""The admin site: in the order of the work, archive instead of delete."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from commsapp.staff import sign_in
from commsapp.staff.combobox import OptionsView

_LAST = 1_000


class StaffSite(AdminSite):
    """Django's, less what would go past the operations."""

    site_header = site_title = "commsapp"
    index_title = _("Home")
    site_url = None
    login_form = sign_in.SignInForm
    enable_nav_sidebar = True

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")  # records are archived; see records.archive()

    def get_urls(self) -> list[Any]:
        """Without the redirect to a record's page elsewhere: here is where they are."""
        urls = super().get_urls()
        return [url for url in urls if getattr(url, "name", "") != "view_on_site"]

    def login(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Django's page; 503 if too many log in at once."""
        return sign_in.with_status(super().login(request, extra_context))

    def autocomplete_view(self, request: HttpRequest) -> Any:
        """What the comboboxes of forms offer."""
        return OptionsView.as_view(admin_site=self)(request)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """In the order of the work: each admin says its `menu_place`, and its section's label if
        that is another app's."""
        sections: dict[str, dict[str, Any]] = {}
        for app in super().get_app_list(request, app_label):
            for model in app["models"]:
                known = self.get_model_admin(model["model"])
                label = getattr(known, "menu_section", app["app_label"])
                section = sections.setdefault(label, {**app, "models": []})
                model["name"] = getattr(known, "menu_label", model["name"])
                model["place"] = getattr(known, "menu_place", _LAST)
                section["models"].append(model)
                if app["app_label"] == label:
                    section["name"] = app["name"]
        for section in sections.values():
            section["models"].sort(key=lambda model: model["place"])
        return sorted(sections.values(), key=lambda section: section["models"][0]["place"])
