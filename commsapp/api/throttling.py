"""The daily allocation and the burst limit of a licensee (contract 1, Limits)."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from commsapp.core.metering import usage
from commsapp.core.metering.usage import Use

CALLS = "commsapp.api_calls"  # in a request's META: the licensee's requests of the day, with it
_BURST_SECONDS = 1


class AllocationExceeded(APIException):
    """The licensee's requests of this day are used up."""

    status_code = 403
    default_detail = "TotalRequests Limit exceeded."
    default_code = "request_limit_exceeded"


class AllocationThrottle(BaseThrottle):
    """Count the request against the allocation of the actor's licensee, and refuse what exceeds it.

    Works on every view with ApiViewMixin. A request without credentials is not counted.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        """Return whether the request is within the burst limit. Raises AllocationExceeded."""
        use = self.count(request, view)
        if use.is_over_day:
            raise AllocationExceeded
        return not use.is_over_second

    def count(self, request: Request, view: Any) -> Use:
        """Count the request, and note the total in its META for the response's headers."""
        if not request.user.is_authenticated:
            return Use()
        use = usage.count(view.by)
        request.META[CALLS] = use.calls
        return use

    def wait(self) -> float:
        """Return the seconds until the burst limit allows the next request."""
        return _BURST_SECONDS


class CountOnlyThrottle(AllocationThrottle):
    """Count the request and never refuse it: for resources that show the limits themselves."""

    def allow_request(self, request: Request, view: Any) -> bool:
        self.count(request, view)
        return True
