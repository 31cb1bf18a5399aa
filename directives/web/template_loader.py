"""Templates are laid out for those who edit them; pages are sent without the indentation."""

import re

from django.template import Origin
from django.template.loaders import filesystem

INDENTATION = re.compile(r"\n[ \t]+")


class Loader(filesystem.Loader):
    """Leaves out the indentation of a template: on a page of fifty rows it would be a fifth.

    Browsers show a line break as they show a blank, so nothing else changes; lines keep their
    numbers. Nothing may stand in a template over several lines whose indentation counts, as in
    `<pre>`, `<textarea>` or a `blocktranslate` without `trimmed`.
    """

    def get_contents(self, origin: Origin) -> str:
        contents = super().get_contents(origin)
        return INDENTATION.sub("\n", contents) if origin.name.endswith(".html") else contents
