"""The database that all others of a run are copied from has been migrated as any installation's."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

pytestmark = pytest.mark.django_db


def test_migrated_database_has_every_migration_and_is_asked_for_no_other():
    executor = MigrationExecutor(connection)
    migrations = executor.loader.graph.leaf_nodes()
    assert {"commsapp", "contacts", "groups", "quotes"} <= {app for app, _name in migrations}
    assert executor.migration_plan(migrations) == []
    assert {*executor.loader.disk_migrations} == {*executor.loader.applied_migrations}
    call_command("migrate", "--check", verbosity=0)


def test_migrated_database_has_the_tables_and_permissions_of_every_model():
    from django.apps import apps

    models = [model for model in apps.get_models() if model._meta.managed]
    tables = {model._meta.db_table for model in models if not model._meta.proxy}
    assert tables <= {*connection.introspection.table_names()}
    granted = {*Permission.objects.values_list("content_type__app_label", "codename")}
    assert granted >= {
        (model._meta.app_label, f"{action}_{model._meta.model_name}")
        for model in models
        for action in model._meta.default_permissions
    }
