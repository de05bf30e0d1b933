"""The schema that editors read: that of the types, every key explained, and as strict."""

import json
import tomllib

import jsonschema
import pytest
from tests.helpers import PROJECT, QUESTION

from tidings.question.json_schema import question_schema, schema_text

PATH = PROJECT / "priors" / "question.schema.json"


def tree():
    return json.loads(json.dumps(tomllib.loads(QUESTION.read_text()), default=str))


def test_the_file_is_that_of_the_types():
    assert PATH.read_text(encoding="utf-8") == schema_text(), (
        "write it again: uv run python -m tidings.question.json_schema priors/question.schema.json"
    )
    assert QUESTION.read_text().splitlines()[0] == f"#:schema {PATH.name}"


def test_every_key_is_explained():
    schema = question_schema()
    assert len(schema["$defs"]) > 5
    for one in (schema, *schema["$defs"].values()):
        for name, key in one["properties"].items():
            assert len(key["description"]) > 4, name


def test_the_shipped_question_fits():
    jsonschema.validate(tree(), question_schema())


def misspelt(config):
    config["priors"]["base_rat"] = config["priors"].pop("base_rate")


def two_values(config):
    config["priors"]["base_rate"]["fixed"] = 0.1


def word_alone(config):
    del config["priors"]["willingness"]["moscow"]["ukraine"]["yardstick"]


def no_reason(config):
    del config["priors"]["push_slope"]["because"]


@pytest.mark.parametrize("spoil", [misspelt, two_values, word_alone, no_reason])
def test_what_the_types_refuse_the_schema_refuses(spoil):
    config = tree()
    spoil(config)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(config, question_schema())
