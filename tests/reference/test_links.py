"""Addresses of facts: all real, and known to be verified or not."""

import json

import pytest
from typer.testing import CliRunner

from marketintel.cli.app import app
from marketintel.errors import DamagedDataError, UsageError
from marketintel.reference import links
from marketintel.reference.files import is_copy
from marketintel.reference.partnership import load_practice

RUNNER = CliRunner()


def test_every_fact_has_an_address_of_who_published_it():
    every = links.links()
    assert len(every) > 200 and not [link for link in every if is_copy(link.url)]
    dated = [link for link in every if link.file in ("nontariff.csv", "actors.csv")]
    assert dated and all(link.day for link in dated)
    assert is_copy("https://docs.paperzz.com/x") and not is_copy("https://spie.org/example.com")


def test_a_visit_is_noted_at_once_and_counts_only_where_it_was_answered(tmp_path):
    answers = {"https://a.eu": 200, "https://b.eu": 404, "https://c.eu": 0, "https://d.eu": 403}
    seen = list(links.visit([*answers, "https://a.eu"], answers.get, tmp_path))
    assert seen == list(answers.items())
    assert set(links.verified(tmp_path)) == {"https://a.eu", "https://d.eu"}
    assert len(links.record_path(tmp_path).read_text().splitlines()) == 4
    links.record_path(tmp_path).write_text(json.dumps({"url": "https://a.eu"}) + "\n")
    with pytest.raises(DamagedDataError, match=r"links\.jsonl:1"):
        links.verified(tmp_path)


def test_the_command_prints_what_was_never_verified(tmp_path, monkeypatch):
    ran = RUNNER.invoke(app, ["check", "--links", "--data", str(tmp_path)])
    assert ran.exit_code == 0 and "nontariff.csv line 2: http://www.fdaus.net" in ran.output
    monkeypatch.setattr("marketintel.sources.http.reach.status_of", lambda url: 200)
    ran = RUNNER.invoke(app, ["check", "--links", "--visit", "--data", str(tmp_path)])
    assert "0 of" in ran.output.splitlines()[-1]
    assert isinstance(RUNNER.invoke(app, ["check", "--visit"]).exception, UsageError)


def test_no_result_comes_before_its_money():
    rows = load_practice().set_index("id")
    assert not {"photondelta", "bretagne_hub"} & set(rows.index)
    both = rows[rows["cost"].notna() & rows["result"].notna()]
    assert set(both.index) == {"clusterxchange", "actphast"}  # read each new one: which came first?
