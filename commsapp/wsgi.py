import os

from django.core.wsgi import get_wsgi_application

from commsapp import counts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commsapp.settings")
application = get_wsgi_application()

from commsapp import expiry  # noqa: E402  (has models: they are loaded only now)

counts.start()
expiry.start()
