"""Models of the partnerships' reference files and forms, one a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from marketintel.reference.fields import (
    Country,
    Number,
    Place,
    RefDate,
    SegmentId,
    Text,
    Url,
    filled,
    joined,
    known,
    mistake,
)
from marketintel.reference.files import unknown
from marketintel.reference.model import Broken, CitedLine, Line, Table

#: Rows whose first field starts so are examples: they show the form and are no data.
EXAMPLE = "EXAMPLE"
INDUSTRY_LINKS = "industry_links.csv"
#: Steps of a value chain, from what is dug and grown to what keeps a machine running.
STAGES = ("materials", "components", "modules", "systems", "integration", "services")
MEETINGS = ("c2c", "b2b", "memorandum")
QUESTIONS = ("needs", "barriers", "expectations")
NONE = "none"
#: Table of ``kpis.toml`` that declares the units.
UNITS = "units"
#: What begins the name of a readiness question's column in a members file.
ANSWER = "r_"

YesNo = Literal["yes", "no"]


def _with_none(options: dict[str, str]) -> dict[str, str]:
    if NONE not in options:
        raise mistake("missing-none", f"there is no answer {NONE!r}: add it")
    return options


Options = Annotated[dict[str, Text], AfterValidator(_with_none)]


class Cluster(Table):
    """Table of ``clusters.toml``; the head of the file explains its keys."""

    name: Text
    country: Country
    seat: Text
    nuts: Annotated[list[Text], Field(min_length=1)]
    kind: Literal["photonics", "host_industry", "regional"]
    status: Literal["active", "ended"]
    partnerships: list[str] = []
    partnership_source: str = ""
    partnership_url: Url = ""
    focus: list[SegmentId] = []
    focus_source: str = ""
    focus_url: Url = ""
    focus_date: RefDate = ""
    industry: str = ""
    sectors: list[str] = []
    ended: str = ""
    successor: str = ""
    ended_source: str = ""
    ended_url: Url = ""

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        needs = {
            "partnerships": ("partnership_source", "partnership_url") if self.partnerships else (),
            "focus": ("focus_source", "focus_url", "focus_date") if self.focus else (),
            "status": ("ended", "ended_source", "ended_url") if self.status == "ended" else (),
            "kind": ("industry", "sectors") if self.kind == "host_industry" else (),
        }
        for key, wanted in needs.items():
            for other in wanted:
                if not getattr(self, other):
                    yield "missing-source", f"{key} needs {other}: add it", key
        if self.ended and self.status != "ended":
            message = "has ended: write status = 'ended', or it would be proposed as a partner"
            yield "ended", message, "status"


class ClusterFact(CitedLine):
    """Row of ``cluster_facts.csv``."""

    cluster: Annotated[str, known("clusters")]
    fact: Text
    value: Text
    unit: Text
    self_declared: YesNo


class Actor(CitedLine):
    """Row of ``actors.csv``."""

    iso3: Country
    actor: Text
    kind: Literal[
        "association",
        "cluster",
        "institute",
        "industry",
        "fair",
        "congress",
        "memorandum",
        "agency",
        "soft landing",
        "matchmaking",
    ]
    fact: Text
    value: Text
    unit: Text
    self_declared: YesNo


class Practice(CitedLine):
    """Row of ``good_practice.csv``."""

    id: Text
    practice: Text
    country: Place
    needs: Annotated[Text, joined("needs", "need")]
    action: Text
    cost: Number
    cost_unit: str
    cost_note: str
    result: Number
    result_unit: str
    result_kind: Literal["measured", "self-declared", "planned", "not found"]
    period: str

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        for figure in ("cost", "result"):
            if getattr(self, figure) and not getattr(self, f"{figure}_unit"):
                yield "missing-unit", f"{figure} has no unit: fill in {figure}_unit"
        if bool(self.result) != (self.result_kind != "not found"):
            message = "result and result_kind disagree: without a result it is 'not found'"
            yield "result-kind", message


class Link(CitedLine):
    """Row of ``industry_links.csv``."""

    seller: Place
    buyer: Place
    seller_sector: Text
    buyer_sector: Text
    buyer_industry: Text
    value_musd: Annotated[Number, filled]


class ReadinessRule(Table):
    """Table ``[rule]`` of ``readiness.toml``."""

    min_answers: Annotated[int, Field(gt=0)]
    ready: Annotated[int, Field(le=100)]
    nearly: Annotated[int, Field(gt=0)]

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        if not self.nearly < self.ready:
            yield "limits", "must be 0 < nearly < ready <= 100: change one", "ready"


class Question(Table):
    """Question of ``readiness.toml``."""

    question: Text
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=False)]
    levels: list[Text]
    reason: Text

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        if len(self.levels) != 4:
            message = f"has {len(self.levels)} levels: give four, for 0, 1, 2 and 3"
            yield "levels", message, "levels"


class Member(Line):
    """Row of a members file; answers to the readiness questions stand in further columns."""

    cluster: Text
    member: Text
    segment: SegmentId
    stage: Literal["materials", "components", "modules", "systems", "integration", "services"]
    capability: Text
    ref_date: Annotated[RefDate, filled]


class Answer(Line):
    """Row of a file of survey answers: one respondent."""

    respondent: Text
    cluster: Text
    segment: SegmentId
    needs: str
    barriers: str
    expectations: str
    free_text: str


class Unit(Table):
    """Table ``[units.NAME]`` of ``kpis.toml``."""

    type: Literal["count", "amount"]
    most: Annotated[float, Field(gt=0, lt=1e12, strict=False)]


class Result(Table):
    """Published result of an indicator."""

    date: date
    value: Annotated[float, Field(ge=0, allow_inf_nan=False, strict=False)]
    source: Text
    url: Url
    country: Country = ""
    what: str = ""


class Indicator(Table):
    """Indicator of ``kpis.toml``; the head of the file explains its keys."""

    name: Text
    programme: Text
    definition: Text
    unit: Annotated[Text, known("units")]
    measure: Literal["events", "level"]
    owner_role: Text
    evidence: Text
    start: date
    deadline: date
    period_note: str = ""
    target: Annotated[float | None, Field(strict=False, allow_inf_nan=False)] = None
    target_kind: str = ""
    source: str = ""
    url: Url = ""
    ref_date: RefDate = ""
    countries: list[Country] = []
    within: list[Place] = []
    countries_counted: bool = False
    of: str = ""
    example: bool = False
    meeting: Literal["", "c2c", "b2b", "memorandum"] = ""
    results: list[Result] = []
    yardstick: str = ""
    yardstick_source: str = ""
    yardstick_url: Url = ""
    yardstick_date: RefDate = ""

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        if self.deadline <= self.start:
            message = f"deadline {self.deadline} is not after start {self.start}: change one"
            yield "date-order", message, "deadline"
        for result in self.results:
            if not self.start <= result.date <= self.deadline:
                message = f"result of {result.date} is outside {self.start} to {self.deadline}"
                yield "date-order", f"{message}: correct the date", "results"
        cited = self.yardstick_source and self.yardstick_url and self.yardstick_date
        if self.yardstick and not cited:
            message = "a yardstick needs yardstick_source, yardstick_url and yardstick_date"
            yield "yardstick-source", f"{message}: cite it", "yardstick"
        if self.target is None:
            if self.target_kind:
                message = "has target_kind but no target: add the target or remove the kind"
                yield "target", message, "target_kind"
            return
        if self.target <= 0:
            yield "target", f"target {self.target:g} is not above 0: correct it", "target"
        kinds = ("published", "derived", "own")
        if self.target_kind not in kinds:
            yield "target-kind", unknown(self.target_kind, kinds), "target_kind"
        elif self.target_kind != "own" and not (self.source and self.url and self.ref_date):
            message = f"a {self.target_kind} target needs source, url and ref_date: cite it, or set"
            yield "target-source", f"{message} target_kind = 'own'", "target"


class Action(Table):
    """Action of ``roadmap.toml``; the head of the file explains its keys."""

    name: Text
    owner_role: Text
    status: Literal["proposed", "adopted", "done"]
    start: date | None = None
    end: date | None = None
    weeks: Annotated[float | None, Field(gt=0, le=520, strict=False)] = None
    after: list[Annotated[str, known("actions")]] = []
    countries: list[Country] = []
    kpis: list[Annotated[str, known("kpis")]] = []
    reason: str = ""
    date_note: str = ""
    source: str = ""
    url: Url = ""
    ref_date: RefDate = ""

    def _rules(self, names: Mapping[str, Any]) -> Iterator[Broken]:
        if (self.end is None) == (self.weeks is None):
            message = "needs either end (fixed dates) or weeks (how long it takes): give one"
            yield "end-or-weeks", message, "end"
        if self.start is None and (self.end is not None or not self.after):
            message = "has no start: give one, unless it waits for others and has weeks"
            yield "missing-start", message
        if self.start and self.end and self.end < self.start:
            message = f"end {self.end} is before start {self.start}: change one"
            yield "date-order", message, "end"
        if self.status == "proposed" and not self.reason:
            yield "missing-reason", "is proposed: give the reason", "status"
