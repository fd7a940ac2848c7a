"""The kinds of long work: each room registers its own in its `jobs.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from lms.core.jobs.models import Job


class JobKind:
    """What one kind of job does. None of these commits: the framework does, once a step.

    A quick step is written as `step`. One that parses, renders or writes files is written as
    `prepare` and `apply` instead: the slow part then runs while nobody waits for the write lock.
    """

    def plan(self, session: Session, job: Job) -> Sequence[str]:
        """Return the distinct keys of the steps, in order; called once, and recorded."""
        raise NotImplementedError

    def step(self, session: Session, job: Job, key: str) -> None:
        """Do one step in the transaction that also marks it as done."""
        raise NotImplementedError

    def prepare(self, session: Session, job: Job, key: str) -> Any:
        """Do the slow part of a step in a read-only transaction; a repeat must do no harm."""
        return None

    def apply(self, session: Session, job: Job, key: str, prepared: Any) -> None:
        """Write what was prepared, in the transaction that also marks the step as done."""
        self.step(session, job, key)

    def finish(self, session: Session, job: Job) -> None:
        """Close the work after the last step, and leave `job.result`."""

    def abandoned(self, session: Session, job: Job) -> None:
        """Tidy up after a failed or cancelled job, whose `state` and `message` are set."""


_kinds: dict[str, JobKind] = {}
Kind = TypeVar("Kind", bound=type[JobKind])


def job_kind(name: str) -> Callable[[Kind], Kind]:
    """Register a class as the job kind `name`; a name is given once."""

    def register(cls: Kind) -> Kind:
        known = _kinds.get(name)
        if known is not None and type(known).__qualname__ != cls.__qualname__:
            raise ValueError(f"two kinds of job are called {name}")
        _kinds[name] = cls()
        return cls

    return register


def kind_of(name: str) -> JobKind:
    """Return the registered kind, or raise LookupError naming the ones there are."""
    try:
        return _kinds[name]
    except KeyError:
        raise LookupError(f"no job kind {name!r}; known: {', '.join(sorted(_kinds))}") from None
