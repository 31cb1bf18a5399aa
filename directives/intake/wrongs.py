"""Why a file cannot be read: for each reason what is wrong, what was expected and what to do, in words for people."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from directives.intake.fields import Words

# By the code that the process which reads gives.
MESSAGES: dict[str, Words] = {
    # what the file is
    "empty_file": _("The file is empty (0 bytes). Save the table again, then bring in the file that has content."),
    "nothing": _("The file has no cell that holds anything. Expected is a table with a heading row. Check that it is the right file."),
    "too_large": _("The file has %(size)s MB; at most %(limit)s MB are taken. Split the table into several files."),
    "pdf": _("This is a PDF, not a table. Bring in the workbook that it was printed from, as .xlsx or .csv."),
    "other": _("This is a file of the kind %(what)s, not a table. Bring in the table itself, as .xlsx or .csv."),
    "packed": _("This is a packed file (%(what)s). Unpack it and bring in the table that is inside."),
    "xml2003": _("This is an “XML Spreadsheet 2003”, whatever its name says. Open it with Excel or WPS and save it again as .xlsx."),
    "html": _("This is a web page that is only named like a workbook. Open it with Excel or WPS and save it again as .xlsx."),
    "xml": _(
        "The part %(member)s of the workbook is not valid XML at line %(line)s, character %(column)s."
        " Open the file with Excel or WPS, let it be repaired, and save it again as .xlsx."
    ),
    "xml_file": _("This is an XML file, not a table. Open it with Excel or WPS and save it again as .xlsx."),
    "encrypted": _("The workbook is protected by a password for opening. Open it, remove the password, save it, and bring it in again."),
    "xls": _("This is a workbook of the old format .xls, whatever its name says. Open it with Excel or WPS and save it again as .xlsx."),
    "document": _("This is a document or a presentation, not a workbook. Copy its table into a workbook and save that as .xlsx."),
    "macros": _("The workbook contains macros. Open it with Excel or WPS and save it as “Excel Workbook (.xlsx)”, without macros."),
    "xlsb": _("This is a binary workbook (.xlsb), whatever its name says. Open it with Excel and save it again as .xlsx."),
    "ods": _("This is an OpenDocument spreadsheet (.ods). Open it with LibreOffice, WPS or Excel and save it again as .xlsx."),
    "numbers": _("This is a file of Apple Numbers. Export it from Numbers as Excel (.xlsx) and bring that in."),
    "not_a_workbook": _(
        "This is a packed file without a workbook in it. Expected is .xlsx or .csv: unpack it, or save the table as .xlsx."
    ),
    # the package
    "truncated": _("The file breaks off before its end, or is damaged. It was probably not copied or sent whole: copy it again."),
    "damaged": _(
        "The part %(member)s of the file is damaged: it cannot be unpacked, or its checksum is wrong."
        " Copy the file again, or open it with Excel or WPS, let it be repaired, and save it again as .xlsx."
    ),
    "many_members": _(
        "The file has %(count)s parts; at most %(limit)s are taken. Copy the table alone into a new workbook and save that as .xlsx."
    ),
    "bomb": _(
        "Unpacked, the file would be far larger than a table can be (%(member)s: %(size)s MB out of %(packed)s KB)."
        " Copy the table alone into a new workbook and save that as .xlsx."
    ),
    "bad_member": _(
        "The file has a part named “%(member)s”, which points out of the file. No spreadsheet program writes such a file:"
        " ask where it comes from, or copy the table into a new workbook."
    ),
    "twice": _(
        "The file has the part %(member)s twice, so that nobody can say which one counts."
        " Open it with Excel or WPS, check the content, and save it again as .xlsx."
    ),
    "packing": _("The part %(member)s is packed in a way that workbooks do not use. Open the file with Excel or WPS and save it as .xlsx."),
    "nested": _("There is another file inside this one: %(member)s. Unpack it and bring in the table itself."),
    "entities": _(
        "The file declares a document type or entities (%(member)s), which no spreadsheet program writes."
        " Copy the table into a new workbook and save that as .xlsx."
    ),
    # the workbook
    "no_sheets": _("The workbook has no worksheet with cells. Expected is a table on a worksheet: copy it into a new workbook."),
    "sheet_missing": _(
        "The worksheet is named in the workbook, but its content is missing. Open the file, let it be repaired, save it again."
    ),
    "many_sheets": _("The workbook has more than %(limit)s worksheets. Keep only those to be brought in."),
    "many_texts": _("The texts of the workbook have more than %(limit)s million characters. Split the table into several files."),
    "long_text": _(
        "A cell holds more than %(limit)s characters, more than a spreadsheet can (it begins: %(start)s)."
        " Shorten its text, or bring in the long text as a file of evidence."
    ),
    "long_cell": _(
        "Cell %(cell)s holds more than %(limit)s characters, more than a spreadsheet can."
        " Shorten its text, or bring in the long text as a file of evidence."
    ),
    "long_row": _("The cells of row %(line)s together hold more than %(limit)s characters. Shorten its texts."),
    "no_text": _(
        "A cell refers to the shared text number %(number)s, which the workbook does not have."
        " Open the file with Excel or WPS, let it be repaired, and save it again as .xlsx."
    ),
    "bad_cell": _(
        "Cell %(cell)s has an address that does not exist or is another row's, or stands there twice."
        " Open the file with Excel or WPS, let it be repaired, and save it again as .xlsx."
    ),
    "bad_row": _(
        "Row %(line)s stands there twice, or behind a row further down."
        " Open the file with Excel or WPS, let it be repaired, and save it again as .xlsx."
    ),
    "many_rows": _("The table has more than %(limit)s rows, which is all that a worksheet can hold. Split it into several files."),
    "many_columns": _(
        "Cell %(cell)s holds something; only the first %(limit)s columns (A to GR) are read."
        " Delete the columns after GR, or move the table to the left."
    ),
    # text
    "nul": _(
        "Line %(line)s holds a character of value 0, so this is not a text table."
        " Save the table with Excel or WPS as .xlsx, or as “CSV UTF-8”."
    ),
    "encoding": _(
        "Line %(line)s, byte %(byte)s is not text in UTF-8, GB18030 or UTF-16."
        " Save the table with Excel or WPS as .xlsx, or as “CSV UTF-8”."
    ),
    "mixed": _(
        "The lines are in different encodings: line %(other)s is UTF-8, line %(line)s (at byte %(byte)s) is not."
        " This happens when tables are joined as text. Open each with Excel, join them there, and save the result as .xlsx."
    ),
    "cut": _("The file breaks off within a character of its last line, %(line)s. It was not copied or sent whole: copy it again."),
    "long_line": _("A line is longer than %(limit)s MB. Expected is one line for each row: save the table with Excel or WPS as .xlsx."),
    "quotes": _(
        "The quotation marks of the row that begins in line %(line)s do not match: one is opened and never closed, or text follows it"
        ' after it was closed. Put quotation marks around the whole cell and double those inside (""), or save the table as .xlsx.'
    ),
    "wide_line": _("Row %(row)s has more than %(limit)s cells. Check what separates the cells, or save the table as .xlsx."),
    # the process
    "memory": _("Reading the file takes more memory than is allowed. Split the table into several files, or keep only its table."),
    "too_long": _("Reading the file takes too long. Split the table into several files, or copy the table alone into a new workbook."),
    "broke_off": _(
        "Reading the file broke off: something in it cannot be read."
        " Open it with Excel or WPS and save it again as .xlsx, or copy the table alone into a new workbook."
    ),
    "no_file": _("The file is no longer there. Bring it in again."),
}
_MEGABYTE = 2**20


def words_of(code: str, params: Mapping[str, Any]) -> str:
    """The reason in the language in force; one that is not known becomes the most general one. A worksheet is named first."""
    try:
        given = dict(params)
        sheet = given.pop("sheet", "")
        if code == "too_large":
            given = {name: -(-int(size) // _MEGABYTE) for name, size in given.items()}
        said = str(MESSAGES[code]) % {"member": "–", **given}
    except (KeyError, TypeError, ValueError):
        return str(MESSAGES["broke_off"])
    return gettext("Worksheet “%(sheet)s”: %(reason)s") % {"sheet": sheet, "reason": said} if sheet else said
