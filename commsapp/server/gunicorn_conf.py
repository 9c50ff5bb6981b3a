"""gunicorn's settings: `gunicorn -c commsapp/server/gunicorn_conf.py commsapp.asgi:application`.

PORT              default: 8000, on this machine only (`--bind` says otherwise)
WEB_CONCURRENCY   worker processes; default: 2

The C library's own MALLOC_MMAP_THRESHOLD_ should be 262144, as `make run` sets it: else each thread
holds as much memory as its largest request ever took.
"""

import gc
import os
import resource
from pathlib import Path
from typing import Any

from commsapp.logs.formatting import server_formatter
from commsapp.logs.redaction import WithoutSession

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
worker_class = "commsapp.server.worker.Worker"
asgi_loop = "asyncio"
asgi_lifespan = "off"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))

# The silence of a whole worker, never the length of one request: a stream may go on for as long as
# it has lines, and at a stop it has a while to come to its end.
timeout = 60
graceful_timeout = 20
keepalive = 5  # seconds that a connection may stay idle
if Path("/dev/shm").is_dir():
    worker_tmp_dir = "/dev/shm"  # the heartbeat must not wait for a disk

limit_request_line = 8190  # a query string may name some two hundred ids
limit_request_fields = 100
limit_request_field_size = 8190

# No header makes a request another one: whether a proxy's word counts is for Django to say
# (TRUSTED_PROXY in the settings).
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""

accesslog = None  # a query string can hold a session id; the operations tell who did what
control_socket_disable = True  # else one more socket in the home directory, that nobody asked for


def on_starting(server: Any) -> None:
    """Redact session ids in gunicorn's own log, and allow as many connections as the system
    does."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for log in (server.log.error_log, server.log.access_log):
        log.addFilter(WithoutSession())
        for handler in log.handlers:
            handler.setFormatter(server_formatter())


def post_worker_init(worker: Any) -> None:
    """Exempt what is loaded by now from garbage collection: going through it would hold up a stream
    for longer than a hundred lines take."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # after as many objects as some thousand rows take, not 700
