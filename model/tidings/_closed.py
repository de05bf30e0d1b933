"""Closed models: unknown keys are refused, and faults told with line and nearest name."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from tidings._toml import line_of
from tidings.errors import Fault, InputError, nearest


class Closed(BaseModel):
    """A frozen model without room for keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def validated[M: BaseModel](model: type[M], path: Path, text: str, tree: Mapping[str, Any]) -> M:
    """Return what a file holds as a closed model.

    Raises
    ------
    InputError
        With every fault, each with its line.
    """
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        errors = [dict(one) for one in error.errors()]
        raise InputError(
            [_fault(model, path, text, one) for one in errors if not _follows(one, errors)]
        ) from None


def _follows(error: Mapping[str, Any], errors: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a list is only too short because one of its elements is wrong."""
    loc = error["loc"]
    return error["type"] == "too_short" and any(
        len(one["loc"]) > len(loc) and one["loc"][: len(loc)] == loc for one in errors
    )


def _fault(model: type[BaseModel], path: Path, text: str, error: Mapping[str, Any]) -> Fault:
    loc: Sequence[str | int] = tuple(error["loc"])
    field = ".".join(str(part) for part in loc) or "question"
    line = line_of(text, loc)
    if error["type"] == "extra_forbidden":
        valid = list(_model_at(model, loc[:-1]).model_fields)
        return Fault(path, line, field, f"unknown key {loc[-1]!r}", nearest(str(loc[-1]), valid))
    if error["type"] == "missing":
        return Fault(path, line, field, "nothing", "this key")
    return Fault(path, line, field, _got(error["input"]), _expected(error))


def _got(value: object) -> str:
    """Return what stood there; a table or a list is too much to repeat."""
    if isinstance(value, str | int | float | bool):
        return repr(value)
    if isinstance(value, date):
        return str(value)
    return "this list" if isinstance(value, list | tuple) else "this table"


def _expected(error: Mapping[str, Any]) -> str:
    """Return what was expected, in our words where pydantic's are about its own types."""
    context = error.get("ctx", {})
    told = _IN_OUR_WORDS.get(error["type"]) or _PATTERNS.get(context.get("pattern", ""))
    if told is not None:
        return told.format(**context)
    return str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")


_IN_OUR_WORDS = {
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
    "string_too_short": "at least {min_length} letters",
    "string_too_long": "at most {max_length} letters",
    "string_type": "text in quotes",
    "model_type": "a table",
    "dict_type": "a table",
    "tuple_type": "a list",
    "date_from_datetime_inexact": "a day without a time",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number of fewer digits",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "literal_error": "{expected}",
    "date_type": "a day, YYYY-MM-DD",
    "date_from_datetime_parsing": "a day that exists, YYYY-MM-DD",
}

IDENTIFIER: Final = r"^[a-z0-9][a-z0-9_\-]*$"
FILE_NAME: Final = r"^[^\x00-\x1f\x7f-\x9f]+$"
_PATTERNS: Final = {
    IDENTIFIER: "small letters, digits, - and _, a letter or digit first",
    FILE_NAME: "a path without control characters",
}


def _model_at(model: type[BaseModel], loc: Sequence[str | int]) -> type[BaseModel]:
    """Find the schema that holds the key of an error, to name its valid keys."""
    here: Any = model
    for part in loc:
        if isinstance(part, int) and isinstance(here, type) and issubclass(here, BaseModel):
            continue  # an element of a list of these
        if isinstance(here, type) and issubclass(here, BaseModel) and part in here.model_fields:
            here = here.model_fields[str(part)].annotation
        else:
            here = get_args(here)[-1]
        here = _unwrap(here)
    return here if isinstance(here, type) and issubclass(here, BaseModel) else model


def _unwrap(annotation: Any) -> Any:  # noqa: ANN401 - annotations are of any type
    """Drop optional, tuple and annotated wrappers; keep dicts, whose keys are free."""
    arguments = [a for a in get_args(annotation) if a is not type(None) and a is not ...]
    is_dict = getattr(annotation, "__origin__", None) is dict
    return _unwrap(arguments[0]) if arguments and not is_dict else annotation
