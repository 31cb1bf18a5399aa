"""The product's addresses and the two floors."""

from django.urls import include, path

from tests.bench import floors

urlpatterns = [
    path("floor/constant/", floors.constant),
    path("floor/rows/", floors.rows),
    path("", include("qunzhu_tracker.urls")),
]
