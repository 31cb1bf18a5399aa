"""Where the pages stand to which the cells of a list lead."""

from collections.abc import Callable
from functools import cache

from django.urls import reverse


@cache
def _ends(name: str) -> tuple[str, str]:
    head, tail = reverse(name, args=[0]).rsplit("0", 1)
    return head, tail


def path_to(name: str) -> Callable[[int], str]:
    """What tells the path of a page that takes an id alone; for a long list it is worked out once."""

    def path(pk: int) -> str:
        head, tail = _ends(name)
        return f"{head}{pk}{tail}"

    return path
