"""All the files, good and bad, with what must come of each."""

from tests.sheets.bad_files import FILES
from tests.sheets.bad_tables import TABLES
from tests.sheets.good_books import BOOKS
from tests.sheets.good_cells import CELLS
from tests.sheets.good_packages import PACKAGES
from tests.sheets.good_tables import TABLES as KEPT
from tests.sheets.good_texts import TEXTS

GOOD = (*PACKAGES, *CELLS, *BOOKS, *KEPT, *TEXTS)
BAD = (*FILES, *TABLES)
