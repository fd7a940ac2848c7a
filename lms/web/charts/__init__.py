"""Charts as small inline SVG, one code for page and PDF.

All functions are pure: words come in already translated, colours as a Palette (PAGE or PRINT), and an escaped
Markup comes out, with title and description inside and class names that dark pages may recolour. Nothing
carries a style attribute. Beside each chart belongs its table: `data_table`, `bars_table`, `histogram_table`.
"""

from lms.web.charts.bar import Bar, bars, bars_table
from lms.web.charts.curve import curve
from lms.web.charts.gauge import gauge
from lms.web.charts.histogram import histogram, histogram_table
from lms.web.charts.palette import PAGE, PRINT, Palette
from lms.web.charts.radar import radar
from lms.web.charts.scale import Series
from lms.web.charts.table import DataTable, data_table
from lms.web.charts.trend import trend

__all__ = [
    "PAGE",
    "PRINT",
    "Bar",
    "DataTable",
    "Palette",
    "Series",
    "bars",
    "bars_table",
    "curve",
    "data_table",
    "gauge",
    "histogram",
    "histogram_table",
    "radar",
    "trend",
]
