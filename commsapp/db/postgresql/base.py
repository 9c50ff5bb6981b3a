"""Django's PostgreSQL backend, with a pool that knows whether the server can be reached."""

from commsapp.db.pooling import PooledDatabaseWrapper


class DatabaseWrapper(PooledDatabaseWrapper):
    pass
