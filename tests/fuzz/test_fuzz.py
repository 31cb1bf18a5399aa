"""Whatever is put into a form by somebody who may use it, the answer is a page.

No 500, and no mail or act that fails behind it.
"""

import logging
from random import Random

import pytest
from django.db import connection

from tests.fuzz.forms import crawl
from tests.fuzz.office import make_office
from tests.fuzz.sending import chosen, send

PEOPLE = ("staff", "manager", "supervisor", "administrator")
PAGES = 400  # at most, that are looked at for forms
SHORT, LONG = 250, 2500  # requests of each person on each engine: 2,000 and 20,000 together
ENTERS = 0.6  # of the requests: past CSRF, permission and key
SEED = 1 if connection.vendor == "sqlite" else 2  # each engine is asked something else


@pytest.fixture
def fuzz(db, sign_in, settings, tmp_path, django_capture_on_commit_callbacks):
    """Find the forms of a person, and send so many of them with one field made hostile."""
    settings.MEDIA_ROOT = tmp_path / "files"

    def fuzzed(who: str, count: int, seed: int):
        client = sign_in(make_office().people[who])
        found = crawl(client, PAGES)
        return send(client, chosen(found, count, Random(seed)), django_capture_on_commit_callbacks)

    # Thousands of requests are refused, and each would be told of.
    logging.disable(logging.CRITICAL)
    yield fuzzed
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("who", PEOPLE)
def test_no_field_of_any_form_breaks_a_page(fuzz, who):
    outcome = fuzz(who, SHORT, SEED)
    assert outcome.broken == [], "\n".join(outcome.broken)
    assert outcome.total == SHORT
    assert outcome.entered >= ENTERS * SHORT, outcome.answers


@pytest.mark.torture
@pytest.mark.parametrize("who", PEOPLE)
def test_no_field_of_any_form_breaks_a_page_in_thousands_of_requests(fuzz, who, record_property):
    outcome = fuzz(who, LONG, SEED + 2)
    record_property(
        "figure",
        (
            f"{who}: {outcome.total} requests, {outcome.entered} got in, "
            f"answers {dict(sorted(outcome.answers.items()))}"
        ),
    )
    assert outcome.broken == [], "\n".join(outcome.broken)
    assert (outcome.total, outcome.entered >= ENTERS * LONG) == (LONG, True)
