"""The index of editions: one script that the page's own policy allows, and links named as printed."""

import base64
import hashlib
import json
import re

from marketintel.documents.engine.catalogue import write_index


def test_the_index_runs_its_own_script_alone_and_names_links_as_printed(tmp_path):
    folder = tmp_path / "2026-11" / "usa"
    folder.mkdir(parents=True)
    title = "</script><script>alert(1)</script>"
    run = {"edition": "2026-11", "study": "usa", "title": title, "subtitle": ""}
    (folder / "run.json").write_text(json.dumps(run))
    html = write_index(tmp_path).read_text(encoding="utf-8")
    [script] = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html.replace("&#39;", "'").replace("&#43;", "+")
    for label, text in re.findall(r'aria-label="([^"]*)">([^<]*)</a>', html):
        assert label.startswith(text)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html)
    assert (
        '<form role="search" hidden>' in html
    )  # without JavaScript there is nothing to search with


def test_internal_editions_are_on_a_page_that_no_page_names(tmp_path):
    for name, audience in (("usa", "public"), ("needs", "internal")):
        folder = tmp_path / "2026-11" / name
        folder.mkdir(parents=True)
        run = {
            "edition": "2026-11",
            "study": name,
            "title": name,
            "subtitle": "",
            "audience": audience,
        }
        (folder / "run.json").write_text(json.dumps(run))
    index = write_index(tmp_path).read_text(encoding="utf-8")
    inside = tmp_path / "internal.html"
    assert "2026-11/usa/" in index and "needs" not in index and "internal.html" not in index
    assert "2026-11/needs/" in inside.read_text(encoding="utf-8")
    (tmp_path / "2026-11" / "needs" / "run.json").unlink()
    write_index(tmp_path)
    assert not inside.exists()
