"""Origin of one figure: the snapshots, codes, exchange rates and weights that sum to it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from marketintel.errors import MissingDataError
from marketintel.reference.countries import country_name
from marketintel.reference.segments import load_segments
from marketintel.warehouse import engine, selection
from marketintel.warehouse.build import RATES
from marketintel.warehouse.coverage import coverage
from marketintel.warehouse.flows import flows
from marketintel.warehouse.mirror import BACI, OPPOSITE

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Explanation:
    """The origin of one figure.

    Attributes
    ----------
    what : str
        The figure in words.
    value_usd : float
        The figure.
    parts : pandas.DataFrame
        source, vintage, hs_revision, cmd_code, scope, valuation, is_mirror, currency,
        usd_per_unit, rate_source, rows, published_value, value_usd, duties_usd: one row a code
        and origin. ``published_value`` is in ``currency``; times ``usd_per_unit`` it is
        ``value_usd``, and these sum to the figure.
    weights : pandas.DataFrame
        hs_revision, cmd_code, label, scope, weight: share of each code that is counted.
    snapshots : pandas.DataFrame
        source, vintage, file, sha256, rows, retrieved_at, licence, citation, url: the files,
        that of the exchange rates included.
    notes : tuple of str
        Conversions made and not made.
    """

    what: str
    value_usd: float
    parts: "pd.DataFrame"
    weights: "pd.DataFrame"
    snapshots: "pd.DataFrame"
    notes: tuple[str, ...]

    def describe(self) -> list[str]:
        """Return the explanation as lines of text."""
        lines = [f"{self.what}: USD {self.value_usd:,.0f}", "codes:"]
        for part in self.parts.to_dict("records"):
            rate = (
                f" = {part['currency']} {part['published_value']:,.0f} at "
                f"{part['usd_per_unit']:.6g} ({part['rate_source']})"
                if part["currency"] != "USD"
                else ""
            )
            lines.append(
                f"  {part['cmd_code']} ({part['hs_revision']}, {part['scope']}): "
                f"USD {part['value_usd']:,.0f}{rate}, {part['rows']:,} rows of "
                f"{part['source']} {part['vintage']}, {part['valuation']}"
                + (", as reported by partners" if part["is_mirror"] else "")
            )
        lines.append("snapshots:")
        files = (
            f"  {file['file']} (SHA-256 {file['sha256'][:12]}…, retrieved "
            f"{file['retrieved_at']}): {file['citation']} Licence: {file['licence']}."
            for file in self.snapshots.to_dict("records")
        )
        return [*lines, *files, *self.notes]


def explain(
    target: str,
    segment: str,
    year: str | int,
    *,
    flow: str = "import",
    partner: str | None = None,
    scope: str | None = None,
    trade_system: str = "consumption",
    mirror: bool = False,
    data_dir: Path | None = None,
) -> Explanation:
    """Return the origin of a market's trade in a segment in a year.

    Parameters
    ----------
    target : str
        ISO3 or name of the market.
    segment : str
        Identifier or name of the segment.
    year : str or int
        The year.
    flow, partner, scope, trade_system, mirror, data_dir
        As in :func:`marketintel.warehouse.flows.flows`; without a scope the segment's own codes:
        core ones, which headlines count, or those of a neighbour of photonics.

    Raises
    ------
    UsageError, MissingDataError
        As ``flows``.
    """
    segments = load_segments()
    chosen = segments.resolve(segment)
    own = segments[chosen].own
    scope, every = scope or own, f"{own}+broad"

    def read(partner: str | None, scope: str, mirror: bool) -> "pd.DataFrame":
        return flows(
            reporter=target, flow=flow, segments=chosen, partner=partner, period=str(year),
            scope=scope, trade_system=trade_system, with_origin=True, mirror=mirror,
            data_dir=data_dir,
        )  # fmt: skip

    def has_rows(scope: str, mirror: bool) -> bool:
        try:
            return not read(None, scope, mirror).empty
        except MissingDataError:
            return False

    try:
        rows = read(partner, scope, mirror)
    except MissingDataError as error:
        raise MissingDataError(f"{error}{_instead(has_rows, flow, scope, mirror, every)}") from None
    has_codes = selection.wanted(chosen, None, data_dir)["scope"].isin(scope.split("+")).any()
    if rows.empty and has_codes and not has_rows(scope, mirror):
        # No code of this scope has a figure with anybody: unknown, which is not zero.
        raise MissingDataError(
            f"no {scope} code of {chosen} has a figure of {target} in {year} here"
            f"{_instead(has_rows, flow, scope, mirror, every)}"
        )
    parts = _parts(rows)
    files = coverage(data_dir)
    sums = f"{country_name(engine.one_economy(target))}, {flow}s, {segments[chosen].name} ({scope})"
    return Explanation(
        what=f"{sums}, {year}" + (f", partner {partner}" if partner else ""),
        value_usd=float(rows["value_usd"].sum()),
        parts=parts,
        weights=_weights(parts, chosen),
        snapshots=_snapshots(parts, files),
        notes=_notes(parts, flow, trade_system),
    )


def _instead(
    has_rows: Callable[[str, bool], bool], flow: str, scope: str, mirror: bool, every: str
) -> str:
    """Name the options with which the question has an answer."""
    if not mirror and flow in OPPOSITE and has_rows(scope, True):
        return "; its partners report it: add --mirror"
    if scope != every and has_rows(every, mirror):
        return f"; its other codes have figures: add --scope {every}"
    if scope != every and not mirror and flow in OPPOSITE and has_rows(every, True):
        return f"; its partners report its other codes: add --mirror --scope {every}"
    return ""


_ORIGIN = ["source", "vintage", "hs_revision", "cmd_code", "scope", "valuation", "is_mirror",
           "currency", "usd_per_unit", "rate_source"]  # fmt: skip


def _parts(rows: "pd.DataFrame") -> "pd.DataFrame":
    counted = rows.assign(rows=1, published_value=rows["value_usd"] / rows["usd_per_unit"])
    grouped = counted.groupby(_ORIGIN, dropna=False, sort=True)
    plain = grouped[["rows", "published_value", "value_usd"]].sum()
    return plain.join(grouped[["duties_usd"]].sum(min_count=1)).reset_index()


def _weights(parts: "pd.DataFrame", segment: str) -> "pd.DataFrame":
    import pandas as pd

    frames = [
        load_segments().frame(r).assign(hs_revision=r) for r in sorted(set(parts["hs_revision"]))
    ]
    columns = ["hs_revision", "cmd_code", "label", "scope", "weight"]
    if not frames:
        return pd.DataFrame(columns=columns)
    every = pd.concat(frames, ignore_index=True)
    used = every[(every["segment"] == segment) & every["cmd_code"].isin(set(parts["cmd_code"]))]
    # A code counts whole or not at all: shares of codes are not used in sums.
    return used.assign(weight=1.0)[columns].reset_index(drop=True)


def _snapshots(parts: "pd.DataFrame", files: "pd.DataFrame") -> "pd.DataFrame":
    used = set(zip(parts["source"], parts["vintage"], strict=True))
    used |= {tuple(text.split(" ", 1)) for text in parts["rate_source"].dropna().unique()}
    here = [pair in used for pair in zip(files["source"], files["vintage"], strict=True)]
    columns = ["source", "vintage", "file", "sha256", "rows", "retrieved_at", "licence",
               "citation", "url"]  # fmt: skip
    return files.loc[here, columns].reset_index(drop=True)


def _notes(parts: "pd.DataFrame", flow: str, trade_system: str) -> tuple[str, ...]:
    notes = []
    revisions = sorted(set(parts["hs_revision"]))
    if revisions:
        notes.append(
            f"codes are counted in the reporter's own revision ({', '.join(revisions)}); nothing "
            "is converted between revisions, and each code counts whole (weight 1)"
        )
    if flow == "import" and set(parts["source"]) & {"us_census_imports"}:
        notes.append(f"imports for {trade_system}" if trade_system == "consumption"
                     else "general imports")  # fmt: skip
    converted = parts[parts["currency"] != "USD"]
    if len(converted):
        notes.append(f"converted to US dollars at period averages of {RATES}")
    if parts["is_mirror"].any():
        notes.append(
            "not the reporter's own figures: flows that BACI reconciled from both sides' reports"
            if set(parts["source"]) == {BACI}
            else "not reported by the market: its partners' reports, a lower bound"
        )
    return tuple(notes)
