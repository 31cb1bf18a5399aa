"""Sessions last as long as they do in an office."""

import pytest


@pytest.fixture(autouse=True)
def sessions_that_end(settings):
    settings.SESSION_IDLE_MINUTES, settings.SESSION_HOURS = 30, 12
