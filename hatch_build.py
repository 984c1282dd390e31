"""What a wheel carries besides the package: notebooks, and starter data that may be passed on."""

import ast
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def redistributable(providers: Path) -> set[str]:
    """Return the sources that are declared so, read without importing the package."""
    public = set()
    for file in providers.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Source":
                terms = {word.arg: word.value for word in node.keywords}["redistributable"]
                if ast.literal_eval(terms):
                    public.add(ast.literal_eval(node.args[0]))
    return public


class Carry(BuildHookInterface):
    """Lay notebooks and starter snapshots inside the package; an editable install needs neither."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files, under the names that ``marketintel.places`` looks for."""
        if version != "standard":
            return
        root = Path(self.root)
        public = redistributable(root / "marketintel" / "sources" / "providers")
        carried = {f: f"_notebooks/{f.name}" for f in (root / "notebooks").glob("*.ipynb")}
        raw = root / "data" / "raw"
        for file in raw.glob("*/*/*"):
            name = file.relative_to(raw)
            # What was fetched since may not be the project's to pass on.
            hidden = any(part.startswith((".", "#")) for part in name.parts)
            if name.parts[0] in public and file.is_file() and not hidden:
                carried[file] = f"_starter/{name}"
        build_data["force_include"] |= {
            str(file): f"marketintel/{place}" for file, place in sorted(carried.items())
        }
