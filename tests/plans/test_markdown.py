"""Normalising a document, its fences, and the block tree."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.plans.blocks import Section
from maestro_tui.plans.document import Document, normalise
from maestro_tui.plans.labels import labels_in


def document(text: str) -> Document:
    return normalise("x.md", text, text.encode("utf-8", "replace"))


def titles(text: str) -> list[str]:
    return [s.title for s in document(text).tree.walk() if s.level]


def codes(text: str) -> list[str]:
    found = document(text)
    return [d.code for d in (*found.diagnostics, *found.markdown_diagnostics)]


def test_one_line_ending_and_no_byte_order_mark() -> None:
    found = document("\ufeff# A\r\nx\ry\n")
    assert found.lines == ("# A", "x", "y")
    assert [d.code for d in found.diagnostics] == ["bom", "mixed-line-endings"]


def test_only_line_feeds_end_lines() -> None:
    assert len(document("a\u2028b\x0bc\x85d\x0ce\n# H\n").lines) == 2


def test_decomposed_characters_are_composed() -> None:
    assert document("cafe\u0301").text == "caf\u00e9"


def test_a_fence_inside_a_fence_of_equal_length_nests() -> None:
    text = "```markdown\n# Sample\n```bash\nls\n```\n# Still sample\n```\n# Real\n"
    assert titles(text) == ["Real"]
    assert codes(text) == ["fence-nesting-repaired"]


def test_nesting_that_never_closes_is_read_the_ordinary_way() -> None:
    text = "```text\na\n```bash\nls\n```\n# Real\n"
    assert titles(text) == ["Real"]
    assert codes(text) == ["fence-nesting-repaired"]


def test_longer_fences_need_no_repair() -> None:
    text = "````markdown\n```bash\n# no\n```\n````\n# Real\n"
    assert titles(text) == ["Real"]
    assert codes(text) == []


def test_an_unclosed_fence_is_reported_with_its_line() -> None:
    found = document("# A\n\n```python\n# no heading\n")
    assert [(d.code, d.line) for d in found.markdown_diagnostics] == [("fence-unclosed", 3)]


def test_a_fence_indented_in_a_list_hides_its_headings() -> None:
    assert titles("- item\n  ```sh\n  # comment\n  ```\n# Real\n") == ["Real"]


def test_merge_leftovers_are_an_error_and_no_heading() -> None:
    text = "# A\n<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> other\n"
    found = document(text)
    assert [(d.code, d.severity, d.line) for d in found.markdown_diagnostics] == [
        ("merge-markers", "error", 2)
    ]


def test_merge_markers_shown_in_a_fence_are_no_error() -> None:
    assert codes("```\n<<<<<<< HEAD\n```\n") == []


def test_frontmatter_is_no_content_and_survives_one_bad_line() -> None:
    found = document('---\ntitle: "My plan"\nbroken: [x\n---\n# Real\n')
    assert found.frontmatter["title"] == "My plan"
    assert [(s.title, s.line) for s in found.tree.walk() if s.level] == [("Real", 5)]


def test_a_leading_rule_is_not_frontmatter() -> None:
    assert document("---\ntext\n---\n# A\n").frontmatter_end == 0


def test_sections_nest_and_know_their_lines() -> None:
    root = document("# A\n## B\ntext\n### C\n## D\n").tree
    a = root.children[0]
    assert [(s.title, s.line, s.end) for s in a.walk()] == [
        ("A", 1, 5), ("B", 2, 4), ("C", 4, 4), ("D", 5, 5),
    ]  # fmt: skip
    assert [s.title for s in a.children[0].children[0].ancestors()] == ["B", "A"]


def test_items_boxes_tables_and_comments() -> None:
    text = (
        "- [x] done\n- [ ]* maybe\n  1. inner\n\n| a | b |\n|---|---|\n| 1 | x\\|y |\n"
        "<!-- hidden\nFiles: no.py\n-->\nlast\n"
    )
    blocks = [b for b in document(text).tree.blocks if b.kind != "blank"]
    assert [b.kind for b in blocks] == ["item", "item", "item", "table", "comment", "text"]
    assert (blocks[0].checked, blocks[1].checked, blocks[1].optional) == (True, False, True)
    assert (blocks[2].marker, blocks[2].indent) == ("1.", 2)
    assert blocks[3].rows == (("a", "b"), ("1", "x|y"))
    assert blocks[5].line == 11


def test_labels_in_every_decoration() -> None:
    text = (
        "Files: a.py\n**Files:** b.py\n**Files**: c.py\n- **Files:** d.py\n* FILES: e.py\n"
        "> Files: f.py\n*Files:* g.py\n__Files:__ h.py\n"
    )
    found = labels_in(document(text).tree.blocks)
    assert [(x.name, x.value) for x in found] == [("files", f"{c}.py") for c in "abcdefgh"]


def test_a_label_takes_the_list_below_it_and_stops_at_the_next() -> None:
    text = "Files:\n\n- a.py\n- b.py\n  more\nDepends on: 1\n- a step\n"
    files, needs = labels_in(document(text).tree.blocks)
    assert [i.text for i in files.items] == ["a.py", "b.py more"]
    assert (needs.name, needs.value, needs.items) == ("depends", "1", [])


def test_labels_in_a_table_of_two_columns() -> None:
    found = labels_in(document("| Field | Value |\n|--|--|\n| Files | a.py |\n").tree.blocks)
    assert [(x.name, x.value, x.line) for x in found] == [("files", "a.py", 3)]


@given(st.text("#`~-*| \n<>!=[x]1.ab:\t", max_size=200))
def test_every_line_is_in_one_block_or_heading(text: str) -> None:
    found = document(text)
    covered: list[int] = []
    stack: list[Section] = list(found.tree.walk())
    for section in stack:
        if section.level:
            covered.append(section.line)
        covered += [b.line for b in section.blocks]
    assert set(covered) <= set(range(1, len(found.lines) + 1))


def test_of_a_very_long_line_only_the_start_is_read() -> None:
    found = document("Files: a.py " + "x" * 9000 + "\n")
    assert [(d.code, d.line) for d in found.markdown_diagnostics] == [("long-line", 1)]
    assert len(found.lines[0]) > 9000
    assert len(found.tree.blocks[0].text) == 5000


def test_comments_that_never_close_hide_one_line_each_and_cost_little() -> None:
    found = document("<!-- open\n" * 20000 + "# Real\n")
    assert [s.title for s in found.tree.children] == ["Real"]
