"""What a wheel carries besides the package: notebooks, and starter data that may be passed on."""

import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Carry(BuildHookInterface):
    """Lay notebooks and starter snapshots inside the package; an editable install needs neither."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files, under the names that ``marketintel.places`` looks for."""
        if version != "standard":
            return
        root = Path(self.root)
        reference = root / "marketintel" / "reference" / "sources.toml"
        sources = tomllib.loads(reference.read_text(encoding="utf-8"))
        carried = {f: f"_notebooks/{f.name}" for f in (root / "notebooks").glob("*.ipynb")}
        raw = root / "data" / "raw"
        for file in raw.glob("*/*/*"):
            name = file.relative_to(raw)
            # What was fetched since may not be the project's to pass on.
            known = sources.get(name.parts[0], {}).get("redistributable")
            if known and file.is_file() and not any(p.startswith((".", "#")) for p in name.parts):
                carried[file] = f"_starter/{name}"
        build_data["force_include"] |= {
            str(file): f"marketintel/{place}" for file, place in sorted(carried.items())
        }
