"""How names sound, and what may be done to a tree of units; values in, values out."""

from lms.people.rules.names import Sound, sound_of
from lms.people.rules.tree import Place, Tree

__all__ = ["Place", "Sound", "Tree", "sound_of"]
