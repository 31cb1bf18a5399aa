"""The rows that are written beside XlsxWriter rely on how it works inside."""

import xlsxwriter


def test_the_private_names_of_xlsxwriter_are_those_of_the_version_that_was_read():
    """For another version, compare `worksheet.py` with `RowSheet`, `Styles` and `close_row_files`
    in `directives/tables/row_writer.py`: `table`, `_write_single_row`, `row_data_fh`,
    `hyperlinks`, `dim_rowmax`, `dim_colmax`, `outline_row_level`, `Format._get_xf_index`.
    """
    assert xlsxwriter.__version__ == "3.3.1"
