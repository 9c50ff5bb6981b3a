import os

from django.core.wsgi import get_wsgi_application

from commsapp.core.metering import counters
from commsapp.db.statement_timeout import limit_statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commsapp.settings")
application = get_wsgi_application()

from commsapp.core import expiry  # noqa: E402  (has models: they are loaded only now)

limit_statements()
counters.start()
expiry.start()
