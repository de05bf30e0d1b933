"""The claims of the texts that priors rest on (``seeds/``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from tidings.errors import Fault, raise_if_any
from tidings.tables import Column, choice, number, read_table, text

__all__ = ["Claim", "read_claims"]

Status = Literal["supported", "partly", "unsupported", "garbled"]

_COLUMNS = {
    "id": Column(text),
    "paragraph": Column(number(1, 99, whole=True)),
    "sentence": Column(number(1, 99, whole=True)),
    "claim": Column(text),
    "cited": Column(text, required=False),
    "word": Column(text, required=False),
    "status": Column(choice(*get_args(Status))),
    "note": Column(text, required=False),
}


@dataclass(frozen=True)
class Claim:
    """One claim of a text, in our own words.

    Attributes
    ----------
    id : str
        What priors cite.
    paragraph, sentence : int
        Where it stands in the text, counted from 1.
    claim : str
        What the text says, in our own words.
    cited, word : str or None
        Whom the text names as its source; the probability word that decides it.
    status : {"supported", "partly", "unsupported", "garbled"}
        What was found when it was checked.
    note : str or None
        What was found instead.
    """

    id: str
    paragraph: int
    sentence: int
    claim: str
    cited: str | None
    word: str | None
    status: str
    note: str | None


def read_claims(path: Path) -> Mapping[str, Claim]:
    """Read the claims of one text.

    Parameters
    ----------
    path : Path
        A CSV file with the columns of `Claim`.

    Returns
    -------
    mapping of str to Claim
        The claims by id.

    Raises
    ------
    InputError
        If the file is missing, or has a fault.
    """
    rows, faults = read_table(path, _COLUMNS)
    claims: dict[str, Claim] = {}
    for row in rows:
        cells = {name: None if value is None else str(value) for name, value in row.values.items()}
        claim = Claim(
            id=str(cells["id"]),
            paragraph=int(float(str(cells["paragraph"]))),
            sentence=int(float(str(cells["sentence"]))),
            claim=str(cells["claim"]),
            cited=cells["cited"],
            word=cells["word"],
            status=str(cells["status"]),
            note=cells["note"],
        )
        if claim.id in claims:
            faults.append(Fault(path, row.line, "id", repr(claim.id), "an id not used before"))
        claims[claim.id] = claim
    raise_if_any(faults)
    return claims
