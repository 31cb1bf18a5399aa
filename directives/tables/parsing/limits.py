"""Limits of what is read of a file, and the error that ends reading."""

MAX_FILE_SIZE = 200 * 2**20  # bytes of an uploaded file
MAX_UNPACKED_SIZE = 3 * 2**30  # bytes of all parts of a workbook
MAX_RATIO = 300  # a part may be so many times its packed size …
RATIO_FROM = 20 * 2**20  # … if it has more bytes than this
MAX_MEMBERS = 2_000  # parts of a workbook
MAX_ROWS = 1_048_576  # of a worksheet, by the format
MAX_COLUMNS = 200  # with content
MAX_CELL_LENGTH = 32_767  # characters, by the format
MAX_ROW_LENGTH = 500_000  # characters of all cells of a row
MAX_TEXTS_LENGTH = 150 * 10**6  # characters of all shared texts
MAX_MERGES = 100_000
MAX_SHEETS = 500
MAX_LINE_SIZE = 8 * 2**20  # bytes of a line of a text file
HEAD_ROWS = 40  # rows read before the columns are matched

BLOCK_SIZE = 1 << 20  # bytes read at a time


class Fault(Exception):
    """Reading ends. `code` is a key of `unreadable.MESSAGES`, which `params` fill."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params
