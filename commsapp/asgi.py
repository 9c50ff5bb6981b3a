"""What is served: the WSGI application in threads, behind an event loop (commsapp/server/)."""

from django.conf import settings

from commsapp.api.message.paths import is_stream
from commsapp.server.application import ThreadedApplication
from commsapp.wsgi import application as wsgi_application

application = ThreadedApplication(
    wsgi_application,
    threads=settings.WEB_THREADS,
    max_body_bytes=settings.MAX_BODY_BYTES,
    is_stream=is_stream,
)
