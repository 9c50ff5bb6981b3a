"""What the views of all APIs have in common, as a mixin for Django REST framework's classes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Model
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response

from commsapp.api.requests import ApiRequest
from commsapp.core.actors import Actor
from commsapp.models import Channel

RequiredPermissions = Sequence[tuple[str, type[Model]]]


class ApiViewMixin:
    """Name the caller and the required permissions, and release the body with the response."""

    channel: ClassVar[str] = Channel.REST
    realm: ClassVar[str] = "api"  # of WWW-Authenticate
    request: Any  # Django REST framework's Request
    required_permissions: RequiredPermissions | None = ()  # as ("change", RecipientGroup)

    @cached_property
    def by(self) -> Actor:
        """The actor that the credentials belong to; made of the user, where the authenticator is
        not one of ours."""
        auth = self.request.auth
        if isinstance(auth, Actor):
            return auth
        id = getattr(self.request._request, "request_id", "")
        return Actor.of(self.request.user, self.channel, request_id=id)

    def get_required_permissions(self) -> RequiredPermissions:
        """Return the permissions that the current action requires."""
        return self.required_permissions or ()

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Return a request that reads chunked and compressed bodies, too."""
        return ApiRequest.of(super().initialize_request(request, *args, **kwargs))  # type: ignore[misc]

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Release the parsed body: requests, serializers and their data refer to each other, and
        the garbage collector comes late (see `request_body.release_body()`)."""
        parsed: Any = request.__dict__.get("_full_data")
        if type(parsed) in (dict, list):  # an immutable QueryDict is none
            parsed.clear()
        finalized: Response = super().finalize_response(  # type: ignore[misc]
            request, response, *args, **kwargs
        )
        return finalized
