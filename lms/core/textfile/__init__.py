"""Reading the text files and sheets that banks really export, and writing ones that can be read back.

`read(content or path, columns, options)` guesses encoding and separator, finds the header line
by the wanted columns, and gives typed rows with true line numbers, plus a problem for each bad
cell. A file that is broken as a whole raises `Rejected`, and nothing of it is used. Options say
what cannot be guessed: fixed width, no header line, a sheet's name, control lines.

How it goes: `source` (bytes by path, unpacked) → `decode` (which encoding) → `blocks` (whole
lines in UTF-8) → `fast` (a block to Arrow columns at once) or `rows` (row by row, exact) →
`gather` and `sift` (which rows are data) → `typed` (text to values in DuckDB) → `sheet`.
"""

from lms.core.textfile.columns import Column, Kind
from lms.core.textfile.decode import ENCODINGS
from lms.core.textfile.layout import Layout, Options
from lms.core.textfile.reader import Preview, preview, read
from lms.core.textfile.sheet import Cells, Sheet
from lms.core.textfile.units import UNITS, factor
from lms.core.textfile.write import csv_text, mended

__all__ = [
    "ENCODINGS",
    "UNITS",
    "Cells",
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
