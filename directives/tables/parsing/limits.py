"""Limits of what is read of a file, and the error that ends reading."""

FILE = 200 * 2**20  # bytes of an uploaded file
UNPACKED = 3 * 2**30  # bytes of all parts of a workbook
RATIO = 300  # a part may be so many times its packed size …
RATIO_FROM = 20 * 2**20  # … if it has more bytes than this
MEMBERS = 2_000  # parts of a workbook
ROWS = 1_048_576  # of a worksheet, by the format
COLUMNS = 200  # with content
CELL = 32_767  # characters, by the format
ROW = 500_000  # characters of all cells of a row
TEXTS = 150 * 10**6  # characters of all shared texts
MERGES = 100_000
SHEETS = 500
LINE = 8 * 2**20  # bytes of a line of a text file
HEAD = 40  # rows read before the columns are matched

SEARCHED = 1 << 20  # bytes read at a time


class Fault(Exception):
    """Reading ends. `code` is a key of `unreadable.MESSAGES`, which `params` fill."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params
