"""All the files, good and bad, with what must come of each."""

from tests.tables.bad_files import FILES
from tests.tables.bad_tables import TABLES
from tests.tables.good_books import BOOKS
from tests.tables.good_cells import CELLS
from tests.tables.good_packages import PACKAGES
from tests.tables.good_tables import TABLES as KEPT
from tests.tables.good_texts import TEXTS

GOOD = (*PACKAGES, *CELLS, *BOOKS, *KEPT, *TEXTS)
BAD = (*FILES, *TABLES)
