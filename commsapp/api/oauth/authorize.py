"""Page that asks the signed-in user to let a client act for them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from oauth2_provider.views import AuthorizationView

from commsapp.api.oauth.parsers import has_nul
from commsapp.logs.security_log import REFUSED, SUCCESS, bounded, log_event
from commsapp.models import Client, authorizations


class AuthorizeView(AuthorizationView):
    """`/services/oauth2/authorize`: a staff page that asks the signed-in person for consent."""

    def dispatch(self, request: HttpRequest, *args: Any, **kw: Any) -> HttpResponseBase:
        """Allow the redirect to the client in form-action, which applies to redirects, too."""
        if has_nul(request.GET) or has_nul(request.POST):
            raise SuspiciousOperation("A parameter has a NUL character")
        response: HttpResponseBase = super().dispatch(request, *args, **kw)
        target = urlsplit(getattr(self, "oauth2_data", {}).get("redirect_uri", ""))
        if target.netloc:
            action = {"form-action": f"{target.scheme}://{target.netloc}"}
            return csp_update(action)(lambda request: response)(request)
        return response

    def form_valid(self, form: Any) -> Any:
        """Carry out the decision of the user, and log its outcome."""
        response = super().form_valid(form)
        outcome = SUCCESS if self.success_url else REFUSED  # set once there is a code
        client = Client.objects.get(client_id=form.cleaned_data["client_id"])
        scope = bounded(form.cleaned_data.get("scope"))
        log_event("consent", outcome, client=client, client_id=client.client_id, scope=scope)
        return response

    def create_authorization_response(self, *args: Any, **kw: Any) -> Any:
        """Create a code. Raise PermissionDenied if the user has got a new password since the
        request began: that ends all grants."""
        with transaction.atomic():
            if not authorizations.lock_signed_in_user(self.request.user):
                raise PermissionDenied
            return super().create_authorization_response(*args, **kw)
