"""Viewsets of the Message API (contract 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from commsapp.api.authentication import MessageAuthentication
from commsapp.api.message import exceptions
from commsapp.api.message.batch import Batch
from commsapp.api.message.binding import bind
from commsapp.api.message.negotiation import MessageNegotiation
from commsapp.api.message.operation import Operation, ReplySpec
from commsapp.api.message.parsers import MessageJSONParser, as_request
from commsapp.api.message.renderers import RENDERERS
from commsapp.api.message.responses import NO_META, Meta, done_status, refused_status, wrapped
from commsapp.api.message.schema import OperationSchema
from commsapp.api.message.stream import open_stream
from commsapp.api.permissions import ModelPermission
from commsapp.api.request_body import release_body
from commsapp.api.views import ApiViewMixin
from commsapp.core.audit import Refusal, Refused
from commsapp.models import Channel


class MessageViewSet(ApiViewMixin, ViewSet):
    """A resource of the Message API. Response bodies have PascalCase keys: the renderers change
    their case."""

    channel = Channel.MESSAGE
    realm = "message"
    authentication_classes = [MessageAuthentication]
    permission_classes = [ModelPermission]
    throttle_classes = []
    parser_classes = [MessageJSONParser]
    renderer_classes = RENDERERS
    content_negotiation_class = MessageNegotiation
    http_method_names = ["post"]
    schema: Any = None  # not in OpenAPI, unless a subclass has one
    response_name: ClassVar[str] = "ResponseStatus"  # the type of what is answered

    def get_exception_handler(self) -> Any:
        return exceptions.handle

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        finalized = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(response, Response):  # a stream is none
            response.add_post_render_callback(_restore_content_type)
        return finalized

    def status_of(self, refusal: Refusal) -> int:
        """Return the HTTP status of a request that was first refused for this."""
        return 400

    @property
    def parameters(self) -> Mapping[str, str]:
        """The query, by names as they were sent."""
        query: Mapping[str, str] = self.request.query_params.dict()
        return query

    @property
    def data(self) -> Any:
        """The parsed body, which the request no longer holds."""
        try:
            return self.request.data
        finally:
            release_body(self.request._request)

    def refused(self, refused: Refused, meta: Meta = NO_META) -> Response:
        """Return the error of a refused request."""
        body = wrapped(refused_status(refused, meta))
        return Response(body, self.status_of(refused.refusals[0]))


def _restore_content_type(response: Any) -> None:
    """Give an answer without bytes, as JSON Lines of an empty batch, the type that Django REST
    framework removes."""
    if not response.content:
        response["Content-Type"] = response.accepted_renderer.media_type


class OperationViewSet(MessageViewSet):
    """An operation: alone, in a JSON batch, or as a stream of JSON Lines.

    A subclass has an `operation`, and runs its requests.
    """

    operation: ClassVar[Operation]
    schema = OperationSchema()

    def run(
        self, requests: Sequence[Any], *, until_refused: bool = False
    ) -> Sequence[ReplySpec | Refused]:
        """Run some requests in their order; each succeeds or is refused by itself.

        A refusal's code is the wire's, its field the path in the request. With `until_refused` the
        requests after the first refusal are neither run nor answered.
        """
        raise NotImplementedError

    def check(self, request: Any) -> Refused | None:
        """Return all that is wrong with a request as far as no database is needed to see it; run()
        refuses the same."""
        return None

    def single(self, request: Request, **kwargs: Any) -> Response:
        """Run the one request of the body."""
        body = as_request(self.data)
        bound = bind(self.operation.request, body, self.parameters)
        [reply] = self.run([bound])
        return self.refused(reply) if isinstance(reply, Refused) else Response(done_status(reply))

    def batch(self, request: Request, **kwargs: Any) -> Response:
        """Run the requests of a JSON array, up to the first that is refused."""
        batch = Batch(self)
        response = batch.respond()
        response["X-AutoBatch-Completed"] = str(len(batch.done))
        return response

    def stream(self, request: Request, **kwargs: Any) -> HttpResponseBase:
        """Run the requests of JSON Lines while they arrive."""
        return open_stream(self)


class UnknownOperationViewSet(MessageViewSet):
    """A name that no operation has: 405 for everybody, whatever the method."""

    authentication_classes = []
    permission_classes = []
    http_method_names = []

    def unknown(self, request: Request, **kwargs: Any) -> Response:
        """Never called: no method is allowed."""
        raise NotImplementedError
