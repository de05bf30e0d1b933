"""Past proposals to dispose of supplier-controlled arms: the reference class."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from tidings._tables import Column, Row, choice, month, number, read_table, text
from tidings.errors import Fault, raise_if_any

_YES_NO = choice("0", "1")

CASE_COLUMNS = {
    "id": Column(text),
    "owner": Column(text),
    "supplier": Column(text),
    "system": Column(text),
    "category": Column(
        choice(
            "aircraft", "air_defence", "armour", "helicopter", "artillery", "ammunition", "other"
        )
    ),
    "proposed_disposal": Column(
        choice(
            "transfer_to_belligerent",
            "transfer_to_third",
            "return_to_supplier",
            "scrap_or_swap",
            "foreign_control",
        )
    ),
    "recipient": Column(text),
    "recipient_hostile_to_supplier": Column(_YES_NO),
    "owner_nato": Column(_YES_NO),
    "owner_allied_with_supplier": Column(_YES_NO, required=False),
    "compensation_offered": Column(_YES_NO, required=False),
    "supplier_consent_required": Column(_YES_NO, required=False),
    "supplier_consent": Column(choice("granted", "refused", "not_sought", "unknown")),
    "first_proposed": Column(month, required=False),
    "resolved": Column(month, required=False),
    "outcome": Column(
        choice(
            "refused_by_owner",
            "disposed_with_consent",
            "disposed_without_consent",
            "blocked_by_supplier",
            "returned",
            "withdrawn",
            "pending",
        ),
        required=False,
    ),
    "months_to_resolution": Column(number(0, 600, whole=True), required=False),
    "source_url": Column(text),
    "source_publisher": Column(text),
    "note": Column(text, required=False),
    "tags": Column(text, required=False, optional_column=True),
}
"""Columns of the cases."""
_TAG = re.compile(r"\[([a-z_]+)\]")


def tags_of(case: Mapping[str, object]) -> frozenset[str]:
    """Return a case's tags: of its own column, or in brackets in its note where there is none."""
    if case.get("tags") is not None:
        return frozenset(str(case["tags"]).replace(";", " ").split())
    return frozenset(_TAG.findall(str(case["note"])))


def read_cases(path: Path) -> tuple[Row, ...]:
    """Read and check the cases.

    Raises
    ------
    InputError
        With every fault found.
    """
    rows, faults = read_table(path, CASE_COLUMNS)
    seen: set[str] = set()
    for row in rows:
        identifier = str(row.values["id"])
        if identifier in seen:
            faults.append(Fault(path, row.line, "id", repr(identifier), "an id not used before"))
        seen.add(identifier)
        begun, done = row.values["first_proposed"], row.values["resolved"]
        if isinstance(begun, date) and isinstance(done, date) and done < begun:
            expected = f"a month from {begun:%Y-%m} on, when it was first proposed"
            faults.append(Fault(path, row.line, "resolved", f"{done:%Y-%m}", expected))
    raise_if_any(faults)
    return tuple(rows)
