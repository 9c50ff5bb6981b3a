"""Every address in one table; the one file that knows every door."""

from commsapp import home, rest
from commsapp.faces import connect, oauth, openapi, security_txt
from commsapp.faces.message import metadata, sessions
from commsapp.faces.message import routing as message_routing
from commsapp.faces.rest import routing
from contacts import message as contacts_message
from contacts import rest as contacts_rest
from groups import connect as groups_connect
from groups import rest as groups_rest
from quotes import connect as quotes_connect
from quotes import rest as quotes_rest

MESSAGES = [contacts_message.SAVE_CONTACT_GROUP]

urlpatterns = [
    *home.urlpatterns,
    *oauth.urlpatterns(),
    *openapi.urlpatterns(),
    *security_txt.urlpatterns(),
    *connect.discovery(),
    *groups_connect.urlpatterns,
    *quotes_connect.urlpatterns,
    *routing.urlpatterns(
        rest.RESOURCES, contacts_rest.RESOURCES, groups_rest.RESOURCES, quotes_rest.RESOURCES
    ),
    *sessions.urlpatterns(),
    *message_routing.urlpatterns(MESSAGES),
    *metadata.urlpatterns(MESSAGES),
]

handler404 = "commsapp.faces.middleware.page_not_found"
handler500 = "commsapp.faces.middleware.server_error"
