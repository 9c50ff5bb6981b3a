"""Django's PostgreSQL backend, which knows what became of a change when its connection is lost."""

from django.db.backends.postgresql import base

from commsapp.db.lost_commits import LostCommitMixin


class DatabaseWrapper(LostCommitMixin, base.DatabaseWrapper):
    pass
