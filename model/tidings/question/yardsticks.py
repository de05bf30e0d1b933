"""Words of probability and what they mean: bands of published yardsticks, and the reader survey."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tidings._tables import Column, Row, number, read_table, text
from tidings.errors import Fault, raise_if_any
from tidings.question.normal import CLIP, LinkNormal, band_normal, fit_quantiles

LEDGER = "ledger"
"""The yardstick of face values."""
SURVEY = "survey"
"""The name under which priors cite the reader survey."""

_PROBABILITY = number(0.0, 1.0)
_BAND_COLUMNS = {
    "yardstick": Column(text),
    "phrase": Column(text),
    "low": Column(_PROBABILITY),
    "high": Column(_PROBABILITY),
}
_SURVEY_QUANTILES = {
    "q05": 0.05,
    "q10": 0.10,
    "q25": 0.25,
    "q50": 0.50,
    "q75": 0.75,
    "q90": 0.90,
    "q95": 0.95,
}
_SURVEY_COLUMNS = {
    "phrase": Column(text),
    "n": Column(number(1, 1e9, whole=True)),
    "mean": Column(_PROBABILITY),
    "sd": Column(number(0.0, 1.0)),
    **{name: Column(_PROBABILITY) for name in _SURVEY_QUANTILES},
    "logit_mean": Column(number(-10, 10)),
    "logit_sd": Column(number(0, 10)),
}


@dataclass(frozen=True)
class Yardsticks:
    """Every yardstick by name: phrase to band (low, high); the survey: phrase to normal."""

    bands: Mapping[str, Mapping[str, tuple[float, float]]]
    survey: Mapping[str, LinkNormal]

    @property
    def names(self) -> tuple[str, ...]:
        """Names that a prior may cite."""
        return (*self.bands, SURVEY)

    def phrases(self, yardstick: str) -> tuple[str, ...]:
        """Return the phrases of one yardstick.

        Raises
        ------
        KeyError
            If there is no yardstick of that name.
        """
        return tuple(self.survey if yardstick == SURVEY else self.bands[yardstick])

    def normal(self, yardstick: str, phrase: str) -> LinkNormal:
        """Return what a phrase means, as a normal on the logit scale.

        Raises
        ------
        KeyError
            If there is no such yardstick, or it has no such phrase.
        """
        if yardstick == SURVEY:
            return self.survey[phrase]
        return band_normal(*self.bands[yardstick][phrase])

    def word(self, probability: float, yardstick: str) -> str:
        """Return the word of a yardstick for a probability; bands hold their lower edge.

        Raises
        ------
        KeyError
            If there is no yardstick of that name.
        """
        bands = sorted(
            (max(low, CLIP[0]), min(high, CLIP[1]), phrase)
            for phrase, (low, high) in self.bands[yardstick].items()
        )
        lowest, highest = bands[0][0], max(high for _, high, _ in bands)
        if probability < lowest:
            return "below the scale"
        if probability > highest:
            return "above the scale"
        held = [b for b in bands if b[0] <= probability < b[1] or probability == b[1] == highest]
        if held:
            # Overlapping bands (IPCC) and synonyms: the narrowest says most, the first listed wins.
            order = list(self.bands[yardstick])
            return min(held, key=lambda b: (round(b[1] - b[0], 9), order.index(b[2])))[2]
        below = max((b for b in bands if b[1] <= probability), key=lambda b: b[1])[2]
        above = min((b for b in bands if b[0] > probability), key=lambda b: b[0])[2]
        return f"between {below} and {above}"


def read_yardsticks(bands_path: Path, survey_path: Path) -> Yardsticks:
    """Read the bands and the reader survey.

    Returns
    -------
    Yardsticks
        The words with their meanings.

    Raises
    ------
    InputError
        If either file is missing or has a fault.
    """
    band_rows, faults = read_table(bands_path, _BAND_COLUMNS)
    survey_rows, more = read_table(survey_path, _SURVEY_COLUMNS)
    faults += more
    bands: dict[str, dict[str, tuple[float, float]]] = {}
    for row in band_rows:
        low, high = float(str(row.values["low"])), float(str(row.values["high"]))
        if low >= high:
            faults.append(Fault(bands_path, row.line, "high", f"{high:g}", f"more than {low:g}"))
        phrase, words = (
            str(row.values["phrase"]),
            bands.setdefault(str(row.values["yardstick"]), {}),
        )
        if phrase in words:
            faults.append(Fault(bands_path, row.line, "phrase", repr(phrase), _ONCE))
        words[phrase] = (low, high)
    if LEDGER not in bands:
        expected = "the words of face values"
        faults.append(Fault(bands_path, None, "yardstick", f"no {LEDGER!r}", expected))
    faults += _survey_faults(survey_path, survey_rows)
    raise_if_any(faults)
    return Yardsticks(
        MappingProxyType(bands),
        MappingProxyType({str(row.values["phrase"]): _survey_normal(row) for row in survey_rows}),
    )


_ONCE = "each phrase once"


def _survey_faults(path: Path, rows: Sequence[Row]) -> list[Fault]:
    """Return what is wrong with answers that are each a number."""
    faults, seen = [], set()
    for row in rows:
        if row.values["phrase"] in seen:
            faults.append(Fault(path, row.line, "phrase", repr(row.values["phrase"]), _ONCE))
        seen.add(row.values["phrase"])
        answers = [float(str(row.values[name])) for name in _SURVEY_QUANTILES]
        if answers != sorted(answers) or answers[0] == answers[-1]:
            got = " ".join(f"{one:g}" for one in answers)
            names = ", ".join(_SURVEY_QUANTILES)
            faults.append(Fault(path, row.line, names, got, "quantiles that rise"))
    return faults


def _survey_normal(row: Row) -> LinkNormal:
    """Fit the answers' quantiles; answers heap on round numbers, so ties share their middle."""
    ties: dict[float, list[float]] = {}
    for name, probability in _SURVEY_QUANTILES.items():
        value = min(max(float(str(row.values[name])), CLIP[0]), CLIP[1])
        ties.setdefault(value, []).append(probability)
    return fit_quantiles({sum(ps) / len(ps): value for value, ps in ties.items()}, "logit")
