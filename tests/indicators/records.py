"""Records of a data model, written as an import leaves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from sqlalchemy.orm import Session

from lms.core import parquet
from lms.core.files import StoredFile
from lms.indicators.models import DataField, DataModel, FieldMapping, ImportBatch, ImportUpload
from lms.indicators.rules import BatchState, ImportKind, Policy
from lms.indicators.rules.kinds import Delivery, FieldKind, FieldRole, FieldUse, ModelState
from lms.indicators.services import find_indicator
from lms.indicators.services.store import stored_schema

NOW = datetime(2026, 10, 9, 1, tzinfo=UTC)
FIELDS = {
    "account": (FieldKind.ID, FieldRole.ACCOUNT),
    "officer": (FieldKind.ID, FieldRole.EMPLOYEE),
    "branch": (FieldKind.ID, FieldRole.UNIT),
    "customer": (FieldKind.ID, FieldRole.CUSTOMER),
    "kind": (FieldKind.CHOICE, FieldRole.PRODUCT),
    "amount": (FieldKind.NUMBER, FieldRole.NONE),
}


@dataclass
class Book:
    """A data model and the files brought to it."""

    session: Session
    model: DataModel
    brought: list[ImportBatch] = field(default_factory=list)

    def maps(self, name: str, indicator: str, **more: Any) -> FieldMapping:
        """Let a field feed an indicator."""
        [one] = [one for one in self.model.fields if one.code == name]
        found = find_indicator(self.session, indicator)
        assert found is not None
        mapping = FieldMapping(
            field_id=one.id,
            indicator_id=found.id,
            valid_from=more.pop("valid_from", date(2020, 1, 1)),
            **more,
        )
        self.session.add(mapping)
        self.session.flush()
        self.session.expire(one)
        return mapping

    def brings(
        self, day: date, *rows: Sequence[Any], days: Sequence[date] | None = None, **also: Any
    ) -> ImportBatch:
        """Commit a file: rows of account, officer, branch, customer, kind, amount; `also` in all of them."""
        at = len(self.brought)
        listed = [
            {
                **dict(zip(FIELDS, row, strict=True)),
                **also,
                "_line": line,
                "_day": days[line - 2] if days else day,
            }
            for line, row in enumerate(rows, 2)
        ]
        for row in listed:
            row["amount"] = Decimal(str(row["amount"]))
        table = pa.Table.from_pylist(listed, schema=stored_schema(self.model.fields))
        name = parquet.write(f"records/{self.model.code}/{at}.parquet", table)
        key = f"{self.model.id:032}{at:032}"
        kept = StoredFile(sha256=key, name=f"{at}.txt", media_type="text/plain", size=1, stored_at=NOW)
        upload = ImportUpload(
            kind=ImportKind.RECORDS,
            policy=Policy.ALL_OR_NOTHING,
            state=BatchState.COMMITTED,
            period=f"{day:%Y-%m}",
            name=f"{self.model.code}{at}.txt",
            sha256=key,
            stored_file=kept,
            data_model_id=self.model.id,
            options={},
            actor_label="test",
            created_at=NOW,
        )
        batch = ImportBatch(
            upload=upload,
            kind=ImportKind.RECORDS,
            state=BatchState.COMMITTED,
            data_model_id=self.model.id,
            source_name=f"{self.model.code}{at}.txt",
            source_sha256=key,
            content_sha256=key,
            period=f"{day:%Y-%m}",
            files=[name],
            rows=len(listed),
            rejected=0,
            first_day=min(row["_day"] for row in listed) if listed else day,
            last_day=max(row["_day"] for row in listed) if listed else day,
            committed_at=NOW,
        )
        self.session.add(batch)
        self.session.flush()
        self.brought.append(batch)
        return batch


def data_model(session: Session, code: str, delivery: Delivery, source: str = "core") -> Book:
    """Define a data model with the usual fields."""
    model = DataModel(
        code=code,
        name_zh=code,
        source=source,
        delivery=delivery,
        state=ModelState.ACTIVE,
        defined_at=NOW,
    )
    for place, (name, (kind, role)) in enumerate(FIELDS.items()):
        use = FieldUse.INDICATOR if role is FieldRole.NONE else FieldUse.ROLE
        model.fields.append(
            DataField(
                place=place, code=name, name_zh=name, kind=kind, role=role, use=use, in_key=name == "account"
            )
        )
    session.add(model)
    session.flush()
    return Book(session, model)
