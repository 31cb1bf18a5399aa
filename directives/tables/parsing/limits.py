"""How much a file may hold, and how the process that reads it says that it will not."""

FILE = 200 * 2**20  # bytes of a file as it was given
UNPACKED = 3 * 2**30  # bytes of a workbook's parts, all together
RATIO, RATIO_FROM = (
    300,
    20 * 2**20,
)  # a part may be so many times its packed size, from so many bytes on
MEMBERS = 2_000  # parts of one workbook
ROWS = 1_048_576  # what a worksheet can hold
COLUMNS = 200  # that hold something
CELL = 32_767  # characters, what Excel takes
ROW = 500_000  # characters of a row's cells together
TEXTS = 150 * 10**6  # characters of the texts that cells share
MERGES = 100_000
SHEETS = 500
LINE = 8 * 2**20  # bytes of a line of a text file
HEAD = 40  # rows shown before the columns are matched

SEARCHED = 1 << 20  # bytes taken at a time


class Fault(Exception):
    """The file is not read on. `code` is a key of `reader.MESSAGES`, `params` fill it."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params
