"""Results in a notebook: one line as text, a table as HTML, a data frame when asked."""

from abc import ABC, abstractmethod
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_ROWS = 20


class Shown(ABC):
    """A result that says in one line what it is, and has a table."""

    @abstractmethod
    def table(self) -> "pd.DataFrame":
        """Return it as a table, one row a number."""

    @abstractmethod
    def _says(self) -> str:
        """Return in one line what it is."""

    def __repr__(self) -> str:
        """Return one line."""
        return f"<{type(self).__name__}: {self._says()}>"

    def _repr_html_(self) -> str:
        """Return the line and the first rows of the table."""
        table = self.table()
        left = len(table) - _ROWS
        more = f"<p>and {left:,} more rows: .table()</p>" if left > 0 else ""
        shown = table.head(_ROWS).to_html(index=False, float_format="{:.4f}".format)
        return f"<p>{escape(repr(self))}</p>{shown}{more}"
