"""The product's settings, with the floors' addresses and the queries of each answer counted."""

from qunzhu_tracker.settings import *  # noqa: F403
from qunzhu_tracker.settings import MIDDLEWARE

ROOT_URLCONF = "tests.bench.urls"
MIDDLEWARE = ["tests.bench.floors.CountQueries", *MIDDLEWARE]
DEBUG = False
