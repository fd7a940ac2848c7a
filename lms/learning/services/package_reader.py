"""Reading course packages from folders: everything is checked before anything is used."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from lms.core.errors import Problem, Rejected
from lms.core.i18n import N_
from lms.learning.rules.checks.courses import check_prerequisites
from lms.learning.rules.checks.forms import check_form
from lms.learning.rules.checks.lessons import check_markdown, linked_files
from lms.learning.rules.checks.names import manifest, repeated_across
from lms.learning.rules.checks.questions import check_questions
from lms.learning.rules.checks.quizzes import check_quizzes
from lms.learning.rules.checks.rubrics import check_rubric, check_scenario
from lms.learning.rules.checks.schema import check_schema, with_defaults
from lms.learning.rules.package import CourseInfo, Document, Finding, LessonPlan, Medium, Package
from lms.learning.services.yaml_file import YamlFile, parse

SCHEMAS = Path(__file__).parent.parent / "schemas"
FOLDERS = {
    "lessons": "lesson",
    "questions": "questions",
    "scenarios": "scenario",
    "rubrics": "rubric",
    "forms": "form",
}
SINGLE = {"course.yaml": "course", "quizzes.yaml": "quizzes"}
MEDIA_TYPES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".mp3", ".mp4", ".webm", ".pdf"})
LARGEST_MEDIUM = 200 * 1024 * 1024
MOST_FILES = 2000


def read_package(path: Path, known: frozenset[str] | None = None) -> Package:
    """Read and check the package in folder ``path``.

    ``known`` are the codes of courses that may be named as prerequisites; by default the folders beside
    this one. Raises ``Rejected`` with every problem found (file, line, field, message).
    """
    if known is None:
        known = frozenset(one.name for one in _folders(path.parent)) if path.is_dir() else frozenset()
    return _Reading(path).package(known)


def read_packages(root: Path) -> tuple[Package, ...]:
    """Read every package below ``root``, those needed first before those that need them.

    Raises ``Rejected`` with the problems of all of them, rings of prerequisites included.
    """
    problems: list[Problem] = []
    packages: dict[str, Package] = {}
    folders = _folders(root)
    if not folders:
        problems.append(_problem(Finding(root.name, (), N_("文件夹里没有课程包"), {}), None))
    for folder in folders:
        try:
            package = read_package(folder)
            packages[package.code] = package
        except Rejected as rejected:
            problems += [replace(one, file=f"{folder.name}/{one.file}") for one in rejected.problems]
    rings = check_prerequisites(
        {code: package.course.prerequisites for code, package in packages.items()},
        frozenset(one.name for one in folders),
    )
    problems += [_problem(finding, None) for finding in rings]
    if problems:
        raise Rejected(problems)
    return tuple(_in_order(packages))


def _folders(root: Path) -> list[Path]:
    return sorted(one for one in root.iterdir() if (one / "course.yaml").is_file()) if root.is_dir() else []


def _in_order(packages: Mapping[str, Package]) -> Iterator[Package]:
    done: set[str] = set()
    while len(done) < len(packages):
        for code, package in sorted(packages.items()):
            if code not in done and all(one in done for one in package.course.prerequisites):
                done.add(code)
                yield package


class _Reading:
    """One reading of one folder; problems collect until the end, so that all are told at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.files: dict[str, YamlFile] = {}
        self.media: dict[str, Medium] = {}
        self.digest = hashlib.sha256()

    def package(self, known: frozenset[str]) -> Package:
        self._read_files()
        self._check(known)
        if self.problems:
            raise Rejected(sorted(self.problems, key=lambda one: (str(one.file), one.line or 0)))
        return self._build()

    # -- files ------------------------------------------------------------------------------------

    def _read_files(self) -> None:
        if not self.root.is_dir():
            self._note(Finding(self.root.name, (), N_("找不到课程包文件夹"), {}))
            return
        names = sorted(self._names())
        if len(names) > MOST_FILES:
            self._note(Finding(self.root.name, (), N_("文件超过 %(limit)s 个"), {"limit": MOST_FILES}))
            return
        for name in names:
            path = self.root / name
            if path.is_symlink():
                self._note(Finding(name, (), N_("课程包里不能有指向别处的链接文件"), {}))
            elif _kind(name):
                self._read_yaml(name, path)
            elif name.startswith("media/") and path.suffix.lower() in MEDIA_TYPES:
                self._read_medium(name, path)
            else:
                self._note(Finding(name, (), N_("课程包里不该有这个文件"), {}))
        for name in SINGLE:
            if name not in names:
                self._note(Finding(name, (), N_("缺少文件"), {}))

    def _names(self) -> Iterator[str]:
        for folder, folders, files in os.walk(self.root):
            linked = [one for one in folders if Path(folder, one).is_symlink()]
            for name in files + linked:
                yield Path(folder, name).relative_to(self.root).as_posix()

    def _read_yaml(self, name: str, path: Path) -> None:
        content = path.read_bytes()
        self._count(name, hashlib.sha256(content).hexdigest())
        parsed, findings = parse(name, content)
        for finding, line in findings:
            self.problems.append(_problem(finding, line))
        if parsed is not None and self._valid(parsed):
            self.files[name] = parsed

    def _read_medium(self, name: str, path: Path) -> None:
        size = path.stat().st_size
        if size > LARGEST_MEDIUM:
            self._note(Finding(name, (), N_("文件超过 %(limit)s 字节"), {"limit": LARGEST_MEDIUM}))
            return
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        self.media[name] = Medium(name, sha256, size)
        self._count(name, sha256)

    def _count(self, name: str, sha256: str) -> None:
        self.digest.update(f"{name}\0{sha256}\n".encode())

    def _valid(self, parsed: YamlFile) -> bool:
        validator = _validator(_kind(parsed.file))
        findings = check_schema(Document(parsed.file, parsed.data), validator)
        for finding in findings:
            self.problems.append(_problem(finding, parsed.line(finding.path)))
        return not findings

    # -- checks -----------------------------------------------------------------------------------

    def _check(self, known: frozenset[str]) -> None:
        for document in self._documents():
            self._note_all(check_markdown(document, self.media))
        self._check_codes()
        for document in self._documents("questions"):
            self._note_all(check_questions(document))
        for document in self._documents("rubrics"):
            self._note_all(check_rubric(document))
        for document in self._documents("scenarios"):
            self._note_all(check_scenario(document, self._codes("rubrics")))
        for document in self._documents("forms"):
            self._note_all(check_form(document))
        if "quizzes.yaml" in self.files and not self._broken("questions"):
            self._note_all(check_quizzes(self._document("quizzes.yaml"), self._questions()))
        if "course.yaml" in self.files:
            self._check_course(known)
        unused = set(self.media) - {one for document in self._documents() for one in linked_files(document)}
        if not self.problems:
            for name in sorted(unused):
                self._note(Finding(name, (), N_("没有课时用到这个文件"), {}))

    def _check_course(self, known: frozenset[str]) -> None:
        course = self._document("course.yaml")
        for field in ("lessons", "quizzes", "rubrics", "scenarios", "forms"):
            if not self._broken(field):
                self._note_all(manifest(course, field, self._codes(field)))
        code = course.data["code"]
        for finding in check_prerequisites({code: course.data["prerequisites"]}, known - {code}):
            self._note(Finding("course.yaml", finding.path, finding.message, finding.params))

    def _check_codes(self) -> None:
        questions = [
            (document.file, ("questions", place, "code"), question["code"])
            for document in self._documents("questions")
            for place, question in enumerate(document.data["questions"])
        ]
        self._note_all(repeated_across(questions))
        for folder in ("lessons", "rubrics", "scenarios", "forms"):
            parts = [(one.file, ("code",), one.data["code"]) for one in self._documents(folder)]
            self._note_all(repeated_across(parts))

    def _broken(self, field: str) -> bool:
        """Whether some file of this part could not be used: what it held must not be missed too."""
        part = "quizzes.yaml" if field == "quizzes" else f"{field}/"
        return any(str(one.file).startswith(part) for one in self.problems)

    def _codes(self, field: str) -> dict[str, str]:
        if field == "quizzes":
            quizzes = self._document("quizzes.yaml").data["quizzes"] if "quizzes.yaml" in self.files else []
            return {quiz["code"]: "quizzes.yaml" for quiz in quizzes}
        return {one.data["code"]: one.file for one in self._documents(field)}

    # -- parts ------------------------------------------------------------------------------------

    def _documents(self, folder: str | None = None) -> list[Document]:
        return [
            self._document(name)
            for name in sorted(self.files)
            if folder is None or name.startswith(f"{folder}/")
        ]

    def _document(self, name: str) -> Document:
        schema = _schema(_kind(name))
        return Document(name, with_defaults(schema, schema.get("$defs", {}), self.files[name].data))

    def _questions(self) -> list[dict[str, Any]]:
        """All questions, with the tags and source of their file."""
        return [
            {
                **question,
                "tags": sorted({*document.data["tags"], *question["tags"]}),
                "source": question.get("source", document.data.get("source")),
            }
            for document in self._documents("questions")
            for question in document.data["questions"]
        ]

    def _note(self, finding: Finding) -> None:
        parsed = self.files.get(finding.file)
        self.problems.append(_problem(finding, parsed.line(finding.path) if parsed else None))

    def _note_all(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self._note(finding)

    def _build(self) -> Package:
        course = self._document("course.yaml").data
        lessons = {one.data["code"]: one.data for one in self._documents("lessons")}
        return Package(
            code=course["code"],
            sha256=self.digest.hexdigest(),
            course=_course(course),
            lessons=tuple(
                _lesson(lessons[code], position) for position, code in enumerate(course["lessons"], start=1)
            ),
            questions=tuple(self._questions()),
            quizzes=tuple(self._ordered(course["quizzes"], self._document("quizzes.yaml").data["quizzes"])),
            scenarios=tuple(self._part(course, "scenarios")),
            rubrics=tuple(self._part(course, "rubrics")),
            forms=tuple(self._part(course, "forms")),
            media=tuple(self.media.values()),
        )

    def _part(self, course: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
        return self._ordered(course[field], [one.data for one in self._documents(field)])

    @staticmethod
    def _ordered(codes: Sequence[str], parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The parts in the order in which the course names them."""
        return sorted(parts, key=lambda one: codes.index(one["code"]))


def _course(data: Mapping[str, Any]) -> CourseInfo:
    return CourseInfo(
        code=data["code"],
        title_zh=data["title_zh"],
        title_en=data["title_en"],
        summary_zh=data["summary_zh"],
        summary_en=data["summary_en"],
        audience_zh=data["audience_zh"],
        audience_en=data.get("audience_en"),
        owner_unit_zh=data.get("owner_unit_zh"),
        owner_unit_en=data.get("owner_unit_en"),
        required=data["required"],
        hours=Decimal(str(data["hours"])),
        pass_percent=Decimal(str(data["pass_percent"])),
        prerequisites=tuple(data["prerequisites"]),
        methods=tuple(data["methods"]),
    )


def _lesson(data: Mapping[str, Any], position: int) -> LessonPlan:
    return LessonPlan(
        code=data["code"],
        position=position,
        title_zh=data["title_zh"],
        title_en=data["title_en"],
        kind=data["kind"],
        minutes=data["minutes"],
        owner_unit_zh=data.get("owner_unit_zh"),
        owner_unit_en=data.get("owner_unit_en"),
        blocks=tuple(data["blocks"]),
    )


def _kind(name: str) -> str:
    """The schema a file answers to, or "" for a file that is no part of a package."""
    folder, _, rest = name.partition("/")
    if rest and "/" not in rest and rest.endswith(".yaml"):
        return FOLDERS.get(folder, "")
    return SINGLE.get(name, "")


@cache
def _schema(kind: str) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"))
    return schema


@cache
def _validator(kind: str) -> Draft202012Validator:
    common = Resource.from_contents(_schema("common"))
    registry: Registry[Any] = Registry().with_resource("common.json", common)
    return Draft202012Validator(_schema(kind), registry=registry)


def _problem(finding: Finding, line: int | None) -> Problem:
    value = finding.params.get("value")
    return Problem(
        finding.message,
        finding.params,
        field=finding.field or None,
        line=line,
        value=None if value is None else str(value),
        file=finding.file,
    )
