"""The bank's colour must carry white text."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.core.errors import Refused
from lms.core.profile import bank_profile, contrast_with_white, set_profile


def test_contrast() -> None:
    assert contrast_with_white("#000000") == pytest.approx(21)
    assert contrast_with_white("#ffffff") == pytest.approx(1)
    assert contrast_with_white("#767676") > 4.5 > contrast_with_white("#777777")


@pytest.mark.parametrize("colour", ["#ffff00", "#777777", "red", "#12345", "#12345g"])
def test_a_light_or_misspelt_colour_is_refused(session: Session, colour: str) -> None:
    with pytest.raises(Refused):
        set_profile(session, SYSTEM, name_zh="银行", name_en=None, colour=colour)
    assert bank_profile(session) is None


def test_setting_again_changes_the_one_row(session: Session) -> None:
    first = set_profile(session, SYSTEM, name_zh="甲银行", name_en=None, colour="#0B4F8A")
    again = set_profile(session, SYSTEM, name_zh="乙银行", name_en="B", colour="#800000")
    assert first is again is bank_profile(session)
    assert (again.name_zh, again.colour) == ("乙银行", "#800000")
