"""Print docs/handbook/scheme-file.schema.json: the shape of a scheme file, for editors that check it."""

from lms.scoring.fileschema import published

if __name__ == "__main__":
    print(published(), end="")
