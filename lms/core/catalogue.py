"""The two catalogues of texts: extracted from the code, filled, compiled.

Message ids are the Chinese texts, so the Chinese catalogue repeats them and the English
one translates them. `python -m lms.core.catalogue update [FILE.json …]` extracts and fills.
"""

from __future__ import annotations

import fcntl
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent.parent
DIRECTORY = ROOT / "translations"
KEYWORDS = {
    "_": None,
    "_l": None,
    "N_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
METHODS = [("lms/**.py", "python"), ("templates/**.html", "jinja2")]


def extract() -> Catalog:
    """Return every text of code and templates, in order of place."""
    found = Catalog(project="Zhixing", version="1", charset="utf-8")
    for name, line, message, _comments, context in extract_from_dir(
        ROOT,
        METHODS,
        {"templates/**.html": {"trimmed": "true", "silent": "false"}},
        keywords=KEYWORDS,
        directory_filter=lambda path: (
            Path(path).name not in {".venv", "var", "tests", "node_modules", ".git"}
        ),
    ):
        found.add(message, locations=[(str(name), line)], context=context)
    return found


def path_of(language: str) -> Path:
    """Return where a language's catalogue lies."""
    return DIRECTORY / language / "LC_MESSAGES" / "messages.po"


def load(language: str) -> Catalog:
    """Return a language's catalogue as it stands in the repository."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as source:
        return read_po(source, locale=language)


def update(fills: Iterable[dict[str, str]] = ()) -> list[str]:
    """Bring both catalogues up to the code, fill English texts, return what English lacks."""
    found, english = extract(), {}
    for fill in fills:
        english.update(fill)
    missing = []
    for language in ("zh", "en"):
        old = load(language)
        new = Catalog(
            locale=language,
            project="Zhixing",
            version="1",
            charset="utf-8",
            creation_date=old.creation_date,
            revision_date=old.revision_date,
        )
        for message in found:
            if not message.id:
                continue
            kept = old.get(message.id, message.context)
            string = kept.string if kept else ""
            key = message.id[0] if isinstance(message.id, tuple) else message.id
            if language == "zh":
                string = (message.id[0],) if isinstance(message.id, tuple) else message.id
            elif key in english:
                text = english[key]
                string = tuple(text.split("|", 1)) if isinstance(message.id, tuple) else text
            if isinstance(message.id, tuple) and not isinstance(string, tuple):
                string = ("",) * new.num_plurals
            if language == "en" and not all(string if isinstance(string, tuple) else (string,)):
                missing.append(str(key))
            places = sorted({(Path(name).as_posix(), None) for name, _ in message.locations})
            new.add(message.id, string, locations=places, context=message.context, flags=message.flags)  # type: ignore[arg-type]
        path_of(language).parent.mkdir(parents=True, exist_ok=True)
        with path_of(language).open("wb") as target:
            write_po(target, new, width=110, sort_output=True, include_lineno=False, omit_header=False)
    return missing


def compile_stale(directory: Path = DIRECTORY) -> None:
    """Compile the catalogues whose compiled form is older than their text."""
    for language in ("zh", "en"):
        source = directory / language / "LC_MESSAGES" / "messages.po"
        compiled = source.with_suffix(".mo")
        if not source.exists() or (compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime):
            continue
        with source.open("rb") as text:
            catalog = read_po(text, locale=language)
        fresh = compiled.with_suffix(f".{id(catalog)}.tmp")
        with fresh.open("wb") as target:
            write_mo(target, catalog)
        fresh.replace(compiled)


def main(arguments: list[str]) -> int:
    """Run the command line; the exit code is 1 when English texts are missing."""
    if arguments[:1] != ["update"]:
        sys.stderr.write("usage: python -m lms.core.catalogue update [FILE.json …]\n")
        return 2
    DIRECTORY.mkdir(exist_ok=True)
    with (DIRECTORY / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = update(json.loads(Path(name).read_text("utf-8")) for name in arguments[1:])
    for text in missing:
        sys.stdout.write(f"English is missing: {text}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
