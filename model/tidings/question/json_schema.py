"""The JSON Schema of question files, with which editors complete and explain keys.

``python -m tidings.question.json_schema FILE`` writes it; a TOML file names it in its first line,
``#:schema``.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tidings.question.schema import QuestionConfig


def question_schema() -> dict[str, Any]:
    """Return the schema, with every key explained."""
    schema = QuestionConfig.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "A question of Tidings",
        "description": "The question, its outcomes and actors, and every prior with its reason.",
    }


def schema_text() -> str:
    """Return the schema as it stands in its file."""
    return json.dumps(question_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text(), encoding="utf-8")
