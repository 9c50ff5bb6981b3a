import os

from django.core.wsgi import get_wsgi_application

from commsapp import counts
from commsapp.statement_limit import limit_statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commsapp.settings")
application = get_wsgi_application()

from commsapp import expiry  # noqa: E402  (has models: they are loaded only now)

limit_statements()
counts.start()
expiry.start()
