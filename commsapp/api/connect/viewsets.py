"""The Connect API: Salesforce-style REST as the Connect REST API has it (contract 2).

An app derives its resources from ConnectViewSet; `urls.urlpatterns()` gives them their addresses.
Checks come in Django REST framework's order: version 404, 401, 403, allocation and burst, 405; then
413, 415, the id in the path, the body, and only then the record.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from commsapp.api.authentication import TokenAuthentication
from commsapp.api.connect import exceptions
from commsapp.api.connect.renderers import ConnectJSONRenderer
from commsapp.api.connect.schema import ConnectSchema
from commsapp.api.connect.serializers import (
    ConnectInputSerializer,
    LimitsSerializer,
    ResourcesSerializer,
    VersionSerializer,
)
from commsapp.api.connect.versioning import VERSIONS, ConnectVersioning
from commsapp.api.negotiation import FirstRendererNegotiation
from commsapp.api.parsers import StrictJSONParser
from commsapp.api.permissions import ModelPermission
from commsapp.api.request_body import release_body
from commsapp.api.throttling import CALLS, AllocationThrottle, CountOnlyThrottle
from commsapp.api.views import ApiViewMixin
from commsapp.core.metering import usage
from commsapp.db.ids import NIL, read_guid
from commsapp.models import Channel


class ConnectViewSet(ApiViewMixin, ViewSet):
    """A resource of the Connect API."""

    channel = Channel.CONNECT
    realm = "services"
    versioning_class = ConnectVersioning
    authentication_classes = [TokenAuthentication]
    permission_classes = [ModelPermission]
    throttle_classes = [AllocationThrottle]
    parser_classes = [StrictJSONParser]
    renderer_classes = [ConnectJSONRenderer]
    content_negotiation_class = FirstRendererNegotiation
    http_method_names = ["get", "head", "post", "patch"]
    lookup_url_kwarg = "id"  # a resource has the guide's name: recipientGroupId
    lookup_value_regex = "[^/]+"  # what is no id gets an error of its own
    schema = ConnectSchema()

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Take the method from `?_HttpMethod=`, for clients that cannot send a PATCH."""
        if request.method == "POST":
            request.method = request.GET.get("_HttpMethod", "POST").upper()
        initialized: Request = super().initialize_request(request, *args, **kwargs)
        return initialized

    def get_exception_handler(self) -> Any:
        return exceptions.handle

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        finalized = super().finalize_response(request, response, *args, **kwargs)
        # Not `request.auth`, which would sign in: a version that is not served is refused before.
        is_signed_in = getattr(request._request, "auth", None) is not None
        if is_signed_in and CALLS not in request.META:  # refused with 403
            request.META[CALLS] = usage.calls_today(self.by)
        exceptions.set_limit_info(request, finalized)
        if request.method == "OPTIONS" and "PATCH" in self.allowed_methods:
            finalized["Allow"] += ", POST"  # with `_HttpMethod`
        return finalized

    def validated_request(
        self, serializer_class: type[ConnectInputSerializer]
    ) -> tuple[str, dict[str, Any]]:
        """Return the id in the path, as 32 hex digits, and the validated values of the body.

        Raises, in this order: RequestTooLarge, UnsupportedMediaType, InvalidId, ParseError,
        ValidationError.
        """
        try:
            has_body = self.request.stream is not None
            data = self.request.data if has_body else {}
        except ParseError:
            self._get_id()  # its error comes first
            raise
        finally:
            release_body(self.request._request)
        record_id = self._get_id()
        if serializer_class.is_body_required and not has_body:
            raise ParseError("A request body is required")
        return record_id, self._validate(serializer_class, data)

    def _get_id(self) -> str:
        text = self.kwargs[self.lookup_url_kwarg]
        guid = read_guid(text)
        if guid is None or guid == NIL:
            raise exceptions.InvalidId(text)
        return guid

    def _validate(
        self, serializer_class: type[ConnectInputSerializer], data: Any
    ) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise ParseError("The request body must be a JSON object")
        serializer = serializer_class(data=data)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        data.clear()  # the texts of 100,000 ids are twice as large as the ids
        return values


# --- Discovery ------------------------------------------------------------------------------


class VersionViewSet(ConnectViewSet):
    """The versions that are served. Without sign-in: clients ask for them before they have one."""

    authentication_classes = []
    permission_classes = []
    throttle_classes = []

    @extend_schema(
        operation_id="connect_versions", summary="List the versions", responses=VersionSerializer
    )
    def list(self, request: Request) -> Response:
        """List the versions that are served."""
        versions = [
            {"label": label, "url": f"/services/data/v{version}", "version": version}
            for version, label in VERSIONS.items()
        ]
        return Response(versions)


class ResourcesViewSet(ConnectViewSet):
    """The resources of a version, by name."""

    @extend_schema(
        operation_id="connect_resources",
        summary="List a version's resources",
        responses=ResourcesSerializer,
    )
    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        """Read the addresses of a version's resources."""
        base = request.path_info.rstrip("/")
        return Response({name: f"{base}/{name}" for name in ResourcesSerializer.sample})


class LimitsViewSet(ConnectViewSet):
    """The licensee's limits, and what is left of them today."""

    throttle_classes = [CountOnlyThrottle]

    @extend_schema(
        operation_id="connect_limits", summary="Read the limits", responses=LimitsSerializer
    )
    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        """Read what is left of the licensee's limits of today."""
        limit = settings.DAILY_API_REQUESTS
        remaining = max(limit - request.META.get(CALLS, 0), 0)
        return Response({"DailyApiRequests": {"Max": limit, "Remaining": remaining}})
