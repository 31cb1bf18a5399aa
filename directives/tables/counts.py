"""Columns that lists of bodies and directives end with: how many obligations, and how they stand. They only go out."""

from django.utils.translation import gettext_lazy as _

from directives.base.states import LIGHTS
from directives.tables.fields import Field

COUNTS = (
    Field("obligations", _("Obligations"), "whole", read_only=True),
    *(Field(colour, label, "whole", read_only=True) for colour, label in LIGHTS),
)
