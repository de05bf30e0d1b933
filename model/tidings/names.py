"""Names of dims and variables, in one place, and the closed sets of the domain."""

from enum import StrEnum
from typing import Final, Literal

__all__ = [
    "ANY",
    "DEAL",
    "OTHER",
    "RETAINED",
    "STATUS_QUO",
    "Dim",
    "Milestone",
    "Precision",
    "Var",
    "Voice",
]

RETAINED: Final = "retained"
"""The status quo: the absence of every other outcome."""
STATUS_QUO: Final = "status_quo"
"""What resolved questions call their ``retained``."""
OTHER: Final = "other"
"""The outcome without actors, set as a share of all ends."""
ANY: Final = "any"
"""In an item: every outcome but the status quo."""
DEAL: Final = "deal"
"""In an item: the deal as a whole, not one actor; acts through its push only."""

Voice = Literal["own", "counterpart", "party", "observer"]
Precision = Literal["day", "month"]
Milestone = Literal[
    "none",
    "proposal",
    "talks",
    "agreement_in_principle",
    "formal_step",
    "precondition_met",
    "setback",
    "refusal",
]


class Dim(StrEnum):
    """Dims of the graph and of what a run stores."""

    CHAIN = "chain"
    DRAW = "draw"
    PRIOR = "prior"
    ACTOR = "actor"
    PAIR = "pair"
    NAMED = "named"
    END = "end"
    OUTCOME = "outcome"
    STATE = "state"
    MODE = "mode"
    STEP = "step_in_state"
    WAY = "way"
    SIDE = "side"
    READING = "reading"
    FEATURE = "feature"
    DATE = "date"


class Var(StrEnum):
    """Variables of the graph and of the stored posterior."""

    PRIOR = "prior"
    BASE_RATE = "base_rate"
    PUSH_SLOPE = "push_slope"
    COUNTER_SLOPE = "counter_slope"
    CONSENT_SLOPE = "consent_slope"
    SHARE_OTHER = "share_other"
    NOISE_SCALE = "noise_scale"
    STORY_SD = "story_sd"
    VOICE_BIAS_SD = "voice_bias_sd"
    FACTOR_SD = "factor_sd"
    PRECEDENT = "precedent"
    LEVEL = "willingness_level"
    BINDING = "binding"
    FACTOR = "factor"
    VOICE_BIAS = "voice_bias"
    LINKED = "linked"
    INCIDENCE = "incidence"

    @property
    def z(self) -> str:
        """Return the name of its standard normals in the graph."""
        return f"{self.value}_z"

    @property
    def u(self) -> str:
        """Return the name of its partly centred normals in the graph."""
        return f"{self.value}_u"
