"""The length of a passage."""

from orchestrator.workflows.research.knowledge import MAX_CHARACTERS, shortened


def test_a_long_text_is_truncated_at_a_word() -> None:
    cut = shortened("word " * 300)
    assert len(cut) <= MAX_CHARACTERS
    assert cut.endswith(" word…")
    assert len(shortened("x" * 5_000)) == MAX_CHARACTERS
