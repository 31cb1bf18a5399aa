#!/usr/bin/env python
"""Django's command line for the tracker.

A wrong setting, or a database that cannot be used, is one sentence and exit code 2.
"""

import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line

from qunzhu_tracker.starting import in_one_sentence

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qunzhu_tracker.settings")
    with in_one_sentence():
        _ = settings.DATABASES  # Django itself would go on without settings
        execute_from_command_line(sys.argv)
