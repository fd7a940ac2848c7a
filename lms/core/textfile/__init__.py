"""Reading the text files and sheets that banks really export, and writing ones that can be read back.

`read(content, columns, options)` guesses encoding and separator, finds the header line by
the wanted columns, and gives typed Arrow columns with true line numbers, plus a problem
for each bad cell. A file that is broken as a whole raises `Rejected`, and nothing of it is used.
"""

from lms.core.textfile.columns import Column, Kind
from lms.core.textfile.layout import Layout, Options
from lms.core.textfile.reader import Preview, Sheet, preview, read
from lms.core.textfile.units import UNITS, factor
from lms.core.textfile.write import csv_text, mended

__all__ = [
    "UNITS",
    "Column",
    "Kind",
    "Layout",
    "Options",
    "Preview",
    "Sheet",
    "csv_text",
    "factor",
    "mended",
    "preview",
    "read",
]
