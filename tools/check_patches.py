"""Check that workflows are changed by versions: only earlier versions may ask for a patch.

`python tools/check_patches.py` prints where `is_patched` is called elsewhere. An instance that is
paused may be replayed otherwise where its code asks so: docs/changing-a-workflow.md.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
SOURCE = PROJECT / "services/orchestrator/src/orchestrator"
FOLDERS = ("workflows", "toolkit")
# Earlier versions have modules of their own, which no longer change.
EARLIER = "workflow_v*.py"


def patches(source: Path) -> Iterator[str]:
    """Yield the place and the reason for each call, in the code that new instances run.

    Args:
        source: The folder of the orchestrator's package.
    """
    for folder in FOLDERS:
        for path in sorted((source / folder).rglob("*.py")):
            if path.match(EARLIER):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and node.attr == "is_patched":
                    place = f"{path.relative_to(source)}:{node.lineno}"
                    yield f"{place}: make a version instead of a patch"


def main() -> int:
    """Print what is wrong, and return how the process is to exit."""
    found = list(patches(SOURCE))
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
