"""Every address in one table; the one file that knows every API and page."""

from commsapp import rest
from commsapp.api.connect import urls as connect_urls
from commsapp.api.message import authenticate, metadata_pages
from commsapp.api.message import urls as message_routing
from commsapp.api.oauth import urls as oauth_urls
from commsapp.api.openapi import views as openapi
from commsapp.api.rest import urls
from commsapp.dashboard import home
from commsapp.http import security_txt
from contacts import message as contacts_message
from contacts.rest import viewsets as contacts_rest
from groups import connect as groups_connect
from groups import rest as groups_rest
from quotes import connect as quotes_connect
from quotes.rest import viewsets as quotes_rest

MESSAGES = [*contacts_message.OPERATIONS]

urlpatterns = [
    *home.urlpatterns,
    *oauth_urls.urlpatterns,
    *openapi.urlpatterns(),
    *security_txt.urlpatterns(),
    *connect_urls.urlpatterns(groups_connect.RESOURCES, quotes_connect.RESOURCES),
    *urls.urlpatterns(
        rest.RESOURCES, contacts_rest.RESOURCES, groups_rest.RESOURCES, quotes_rest.RESOURCES
    ),
    *authenticate.urlpatterns(),
    *message_routing.urlpatterns(MESSAGES),
    *metadata_pages.urlpatterns(MESSAGES),
]

handler404 = "commsapp.middleware.error_handling.page_not_found"
handler500 = "commsapp.middleware.error_handling.server_error"
