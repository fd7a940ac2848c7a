"""How a Chinese name is sorted and found by its sound."""

from __future__ import annotations

from dataclasses import dataclass

from pypinyin import Style, lazy_pinyin


@dataclass(frozen=True)
class Sound:
    """A name's full pinyin, its initials, and a key that sorts the same on every store."""

    pinyin: str
    initials: str
    sort_key: str


def sound_of(name: str) -> Sound:
    """Return the sound of a name; Latin names keep their letters."""
    syllables = lazy_pinyin(name.strip(), style=Style.NORMAL, errors=str.lower)
    letters = "".join(syllables).replace(" ", "")
    initials = "".join(syllable.strip()[0] for syllable in syllables if syllable.strip())
    return Sound(letters[:200], initials[:40], f"{' '.join(syllables)}|{name}"[:240])
