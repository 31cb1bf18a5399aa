"""Why a file cannot be read, and what to do, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directives.tables.book import StrOrPromise

# By the code that the child process gives.
MESSAGES: dict[str, StrOrPromise] = {
    # what the file is
    "empty_file": _(
        "The file is empty (0 bytes). Save the table again, then import the file that has content."
    ),
    "nothing": _(
        "The file has no cells with content. It should be a table with a heading row. Check that "
        "it is the right file."
    ),
    "too_large": _(
        "The file has %(size)s MB; the limit is %(limit)s MB. Split the table into several files."
    ),
    "pdf": _(
        "This is a PDF, not a table. Import the workbook it was printed from, as .xlsx or .csv."
    ),
    "other": _("This is a %(what)s file, not a table. Import the table itself, as .xlsx or .csv."),
    "packed": _("This is a compressed file (%(what)s). Unpack it and import the table inside."),
    "xml2003": _(
        "This is actually an “XML Spreadsheet 2003”, despite its name. Open it with Excel or WPS "
        "and save it as .xlsx."
    ),
    "html": _(
        "This is a web page named like a workbook. Open it with Excel or WPS and save it as .xlsx."
    ),
    "xml": _(
        "The part %(member)s of the workbook is not valid XML at line %(line)s, character "
        "%(column)s. "
        "Open the file with Excel or WPS, repair it, and save it as .xlsx."
    ),
    "xml_file": _(
        "This is an XML file, not a table. Open it with Excel or WPS and save it again as .xlsx."
    ),
    "encrypted": _(
        "The workbook is protected by a password. Open it, remove the password, save it, and "
        "import it again."
    ),
    "xls": _(
        "This is actually an old .xls workbook, despite its name. Open it with Excel or WPS and "
        "save it as .xlsx."
    ),
    "document": _(
        "This is a document or a presentation, not a workbook. Copy its table into a workbook and "
        "save that as .xlsx."
    ),
    "macros": _(
        "The workbook contains macros. Open it with Excel or WPS and save it as “Excel Workbook "
        "(.xlsx)”, without macros."
    ),
    "xlsb": _(
        "This is actually a binary workbook (.xlsb), despite its name. Open it with Excel and "
        "save it as .xlsx."
    ),
    "ods": _(
        "This is an OpenDocument spreadsheet (.ods). Open it with LibreOffice, WPS or Excel and "
        "save it again as .xlsx."
    ),
    "numbers": _(
        "This is an Apple Numbers file. Export it from Numbers as Excel (.xlsx) and import that."
    ),
    "not_a_workbook": _(
        "This is a compressed file without a workbook. It should be .xlsx or .csv: unpack it, or "
        "save the table as .xlsx."
    ),
    # the package
    "truncated": _(
        "The file is incomplete or damaged. It was probably not fully copied or sent; copy it "
        "again."
    ),
    "damaged": _(
        "The part %(member)s of the file is damaged: it cannot be unpacked, or its checksum is "
        "wrong. "
        "Copy the file again, or open it with Excel or WPS, repair it, and save it as .xlsx."
    ),
    "many_members": _(
        "The file has %(count)s parts; the limit is %(limit)s. Copy only the table into a new "
        "workbook and save that as .xlsx."
    ),
    "bomb": _(
        "Unpacked, the file would be far larger than a table can be (%(member)s: %(size)s MB from "
        "%(packed)s KB). Copy only the table into a new workbook and save that as .xlsx."
    ),
    "bad_member": _(
        "The file has a part named “%(member)s” that points outside the file. No spreadsheet "
        "program "
        "writes this: check where the file comes from, or copy the table into a new workbook."
    ),
    "twice": _(
        "The file has the part %(member)s twice, so it is unclear which one to use. Open it with "
        "Excel "
        "or WPS, check the content, and save it as .xlsx."
    ),
    "packing": _(
        "The part %(member)s is compressed in a way workbooks do not use. Open the file with "
        "Excel or WPS and save it as .xlsx."
    ),
    "nested": _(
        "There is another file inside this one: %(member)s. Unpack it and import the table itself."
    ),
    "entities": _(
        "The file contains a document type or entities (%(member)s), which no spreadsheet program "
        "writes. Copy the table into a new workbook and save that as .xlsx."
    ),
    # the workbook
    "no_sheets": _(
        "The workbook has no worksheet with cells. Expected is a table on a worksheet: copy it "
        "into a new workbook."
    ),
    "sheet_missing": _(
        "The worksheet is listed in the workbook, but its content is missing. Open the file, "
        "repair it, and save it again."
    ),
    "many_sheets": _("The workbook has more than %(limit)s worksheets. Keep only those to import."),
    "many_texts": _(
        "The texts of the workbook have more than %(limit)s million characters. Split the table "
        "into several files."
    ),
    "long_text": _(
        "A cell has more than %(limit)s characters, the limit of a spreadsheet (it starts: "
        "%(start)s). "
        "Shorten its text, or upload the long text as evidence."
    ),
    "long_cell": _(
        "Cell %(cell)s has more than %(limit)s characters, the limit of a spreadsheet. Shorten "
        "its text, "
        "or upload the long text as evidence."
    ),
    "long_row": _(
        "The cells of row %(line)s together have more than %(limit)s characters. Shorten their "
        "text."
    ),
    "no_text": _(
        "A cell refers to shared text number %(number)s, which the workbook does not have. Open "
        "the file "
        "with Excel or WPS, repair it, and save it as .xlsx."
    ),
    "bad_cell": _(
        "Cell %(cell)s has an address that does not exist, belongs to another row, or appears "
        "twice. "
        "Open the file with Excel or WPS, repair it, and save it as .xlsx."
    ),
    "bad_row": _(
        "Row %(line)s appears twice, or after a later row. Open the file with Excel or WPS, "
        "repair it, and save it as .xlsx."
    ),
    "many_rows": _(
        "The table has more than %(limit)s rows, the limit of a worksheet. Split it into several "
        "files."
    ),
    "many_columns": _(
        "Cell %(cell)s has content, but only the first %(limit)s columns (A to GR) are read. "
        "Delete the "
        "columns after GR, or move the table to the left."
    ),
    # text
    "nul": _(
        "Line %(line)s has a null character, so this is not a text table. Save the table with "
        "Excel or WPS as .xlsx, or as “CSV UTF-8”."
    ),
    "encoding": _(
        "Line %(line)s, byte %(byte)s is not text in UTF-8, GB18030 or UTF-16."
        " Save the table with Excel or WPS as .xlsx, or as “CSV UTF-8”."
    ),
    "mixed": _(
        "The lines are in different encodings: line %(other)s is UTF-8, line %(line)s (at byte "
        "%(byte)s) is not."
        " This happens when tables are joined as text. Open each with Excel, join them there, and "
        "save the result as .xlsx."
    ),
    "cut": _(
        "The file breaks off inside a character of its last line, %(line)s. It was not fully "
        "copied or sent; copy it again."
    ),
    "long_line": _(
        "A line is longer than %(limit)s MB. Each row should be one line: save the table with "
        "Excel or WPS as .xlsx."
    ),
    "quotes": _(
        "The quotation marks of the row starting in line %(line)s do not match: one is opened and "
        "never "
        "closed, or text follows after it was closed. Put quotation marks around the whole cell "
        "and "
        'double those inside (""), or save the table as .xlsx.'
    ),
    "wide_line": _(
        "Row %(row)s has more than %(limit)s cells. Check the separator, or save the table as "
        ".xlsx."
    ),
    # the process
    "memory": _(
        "Reading the file needs more memory than allowed. Split the table into several files, or "
        "keep only its table."
    ),
    "too_long": _(
        "Reading the file takes too long. Split the table into several files, or copy only the "
        "table into a new workbook."
    ),
    "broke_off": _(
        "Reading stopped: part of the file cannot be read. Open it with Excel or WPS and save it "
        "as "
        ".xlsx, or copy only the table into a new workbook."
    ),
    "no_file": _("The file is no longer available. Import it again."),
}
_MEGABYTE = 2**20


def message_of(code: str, params: Mapping[str, Any]) -> str:
    """Return the message for a code, after the name of the worksheet if there is one.

    An unknown code, or one without its parameters, becomes "broke_off".
    """
    try:
        values = dict(params)
        sheet = values.pop("sheet", "")
        if code == "too_large":
            values = {name: -(-int(size) // _MEGABYTE) for name, size in values.items()}
        reason = str(MESSAGES[code]) % {"member": "–", **values}
    except (KeyError, TypeError, ValueError):
        return str(MESSAGES["broke_off"])
    if not sheet:
        return reason
    return gettext("Worksheet “%(sheet)s”: %(reason)s") % {"sheet": sheet, "reason": reason}
