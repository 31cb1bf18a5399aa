"""What the product's pages are compared with.

A view that says one word, and one that lists fifty rows and nothing else.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.views.decorators.http import require_GET

from directives.models import Obligation

ROWS = 50
PLAIN = (
    "<!DOCTYPE html><title>.</title><table>{% for row in rows %}"
    "<tr><td>{{ row.directive.code }}"
    "<td>{{ row.directive.text_hans }}"
    "<td>{{ row.organisation.name_hans }}<td>{{ row.state }}"
    "<td>{{ row.percent }}<td>{{ row.light }}"
    "<td>{{ row.due_on }}{% endfor %}"
)


class CountQueries:
    """Says in a header how many queries an answer took, over every database that it asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        count = 0

        def counted(execute: Callable, sql: str, params: Any, many: bool, context: dict) -> Any:
            nonlocal count
            count += 1
            return execute(sql, params, many, context)

        with ExitStack() as wrapped:
            for connection in connections.all():
                wrapped.enter_context(connection.execute_wrapper(counted))
            response = self.get_response(request)
        response.headers["X-Queries"] = str(count)
        return response


@login_not_required
@require_GET
def constant(request):
    """The floor under every page: the same middleware, no query, no template."""
    return HttpResponse("ok")


@login_not_required
@require_GET
def rows(request):
    """The floor under a list: fifty rows in a template that does nothing but print them."""
    found = Obligation.objects.select_related("directive", "organisation").order_by("pk")[:ROWS]
    return HttpResponse(engines["django"].from_string(PLAIN).render({"rows": found}))
