"""Administration: users, their groups and licensees, API clients, and all that was done."""

from importlib import import_module

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group

from commsapp.models import Client

# What other packages register would go past our operations, and show values that are hashed.
for _package in ("axes", "django.contrib.auth", "oauth2_provider"):
    import_module(f"{_package}.admin")  # registers, now and not after us
for _model in apps.get_models():
    is_theirs = _model._meta.app_label in ("axes", "oauth2_provider") or _model in (Client, Group)
    if is_theirs and admin.site.is_registered(_model):
        admin.site.unregister(_model)

for _module in ("operations", "admin_changes", "users", "clients"):
    import_module(f"commsapp.admin.{_module}")
