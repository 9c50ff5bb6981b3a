"""Django's PostgreSQL backend, with what commsapp.db adds to it."""

from commsapp.db.lost_commits import LostCommitMixin
from commsapp.db.pooling import PooledDatabaseWrapper


class DatabaseWrapper(LostCommitMixin, PooledDatabaseWrapper):
    pass
