"""Reading the frontmatter people really write."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.roster import discovery
from maestro_tui.roster.definitions import AgentFile, names, parse_definition
from maestro_tui.roster.frontmatter import find_block, read_plain


def parse(data: str | bytes, stem: str = "stem") -> AgentFile:
    return parse_definition(data, source=f"{stem}.md", stem=stem)


def test_valid_definition_carries_every_key() -> None:
    file = parse(
        "---\nname: gardener\ndescription: 'Trims: hedges'\nmodel: opus\n"
        "tools: Read, Bash(git:*, gh:*), mcp__x__y\ntimeout_seconds: 90\nmax_retries: 4\n"
        "mcp_servers: [plants]\nowns: [garden/**]\nmarker: GARDEN_COMPLETE.md\nmin_tools: 3\n"
        "required_tools: [Edit]\norchestration:\n  priority: high\n  dependencies: [digger]\n"
        "  max_parallel: 2\n---\n\nYou trim.\n\n---\n\nMore.\n"
    )
    assert (file.verdict, file.problem, file.claude_code) == ("valid", "", "loads")
    agent = file.definition
    assert agent is not None
    assert agent.name == "gardener"
    assert agent.description == "Trims: hedges"
    assert agent.tools == ("Read", "Bash(git:*, gh:*)", "mcp__x__y")
    assert (agent.timeout_s, agent.retries, agent.min_tools) == (90.0, 4, 3)
    assert (agent.owns, agent.marker) == (("garden/**",), "GARDEN_COMPLETE.md")
    assert (agent.model, agent.tier) == ("opus", "opus")
    assert (agent.priority, agent.dependencies, agent.max_parallel) == ("high", ("digger",), 2)
    assert agent.mcp_servers == ("plants",)
    assert agent.required_tools == ("Edit",)
    # A rule in the body does not end anything.
    assert agent.body == "You trim.\n\n---\n\nMore."


# what the file holds, its description, the line and words of the fix, what Claude Code does
BROKEN: dict[str, tuple[str | bytes, str, int, str, str]] = {
    "colon": (
        "---\nname: a\ndescription: Use for this: that and more\nmodel: haiku\n---\nBody",
        "Use for this: that and more",
        3,
        "description: |",
        "loads",
    ),
    "colon-crlf": (
        "---\r\nname: a\r\ndescription: Use for this: that\r\nmodel: haiku\r\n---\r\nBody",
        "Use for this: that",
        3,
        "double quotes",
        "skips",
    ),
    "at-tool": (
        "---\nname: a\ndescription: Digs\nmodel: haiku\ntools:\n  - Read\n  - @memory\n---\nBody",
        "Digs",
        7,
        'quote it: "@memory"',
        "skips",
    ),
    "star-tool": (
        "---\nname: a\ndescription: Digs\nmodel: haiku\ntools: *\n---\nBody",
        "Digs",
        5,
        'quote it: "*"',
        "skips",
    ),
    "unindented": (
        "---\nname: a\ndescription: Digs holes.\n\nExamples:\n<example>\nuser: dig\n</example>\n"
        "model: haiku\n---\nBody",
        "Digs holes.\n\nExamples:\n<example>\nuser: dig\n</example>",
        3,
        "indent the lines under it",
        "skips",
    ),
    "wrapped": (
        "---\nmodel: haiku\nname: a\ndescription: Digs holes and\nfills them again\n---\nBody",
        "Digs holes and\nfills them again",
        4,
        "indent the lines under it",
        "skips",
    ),
    "open-quote": (
        '---\nname: a\nmodel: haiku\ndescription: "Digs holes\n---\nBody',
        "Digs holes",
        0,
        "",
        "skips",
    ),
    "bom": (
        b"\xef\xbb\xbf---\nname: a\ndescription: Digs\nmodel: haiku\n---\nBody",
        "Digs",
        1,
        "without BOM",
        "skips",
    ),
    "heading-before": (
        "# .claude/agents/a.md\n---\n\nname: a\ndescription: Digs\nmodel: haiku\n\n-----------\n"
        "Body",
        "Digs",
        1,
        "line 1",
        "skips",
    ),
    "no-opening-fence": (
        "## <!-- $schema: a.json -->\n\nname: a\ndescription: Digs\nmodel: haiku\n\n---\n\nBody",
        "Digs",
        1,
        "write --- as line 1",
        "skips",
    ),
    "never-closed": (
        "---\nname: a\ndescription: Digs\nmodel: haiku\n\nBody",
        "Digs",
        1,
        "after line 4",
        "skips",
    ),
    "meta": (
        "---\nmeta:\n  name: a\n  description: Digs\n  model: haiku\n---\nBody",
        "Digs",
        2,
        "top level",
        "skips",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_frontmatter_is_recovered_with_a_fix(kind: str) -> None:
    data, description, line, fix, claude = BROKEN[kind]
    file = parse(data)
    assert file.verdict == "recovered"
    assert file.definition is not None
    assert file.definition.name == "a"
    assert file.definition.description == description
    assert file.definition.model == "haiku"
    assert file.definition.body == "Body"
    assert file.claude_code == claude
    assert file.problem
    assert fix in file.fix
    if line:
        assert file.line == line


def test_recovery_keeps_the_sound_fields_whole() -> None:
    file = parse(
        "---\nname: a\ndescription: one: two\ntools:\n  - Read\n  - @x\n"
        "orchestration:\n  priority: high\n  max_parallel: 3\n---\n"
    )
    assert file.definition is not None
    assert file.definition.tools == ("Read", "@x")
    assert file.definition.max_parallel == 3


def test_a_missing_name_falls_back_to_the_file_name() -> None:
    file = parse("---\ndescription: Digs\ntools:\n  write: true\n  bash: false\n---\n", "digger")
    assert file.verdict == "recovered"
    assert file.fix == "add name: digger"
    assert file.definition is not None
    assert file.definition.name == "digger"
    assert file.definition.tools == ("write",)


@pytest.mark.parametrize(
    "text",
    [
        "# Title\n\nJust prose.\n",
        "",
        "# Title\n\n---\n\nA section.\n\n---\n",
        "---\nversion: 1\npriority: 2\n---\nA template",
        "---\nname: [AGENT-NAME]\n---\n",
        "---\n---\n",
        "---\n- a\n- b\n---\n",
    ],
)
def test_what_is_no_agent_says_so(text: str) -> None:
    file = parse(text)
    assert file.verdict == "not-an-agent"
    assert file.definition is None
    assert file.problem
    assert file.fix


def test_a_marker_that_leads_elsewhere_is_dropped_and_reported() -> None:
    file = parse("---\nname: a\ndescription: d\nmarker: ../../x.md\n---\n")
    assert file.definition is not None
    assert file.definition.marker == ""
    assert "not a file name" in file.problem


def test_control_characters_do_not_reach_the_name() -> None:
    file = parse('---\nname: "a\\e[31mb"\ndescription: d\n---\n')
    assert file.definition is not None
    assert "\x1b" not in file.definition.name


def test_names_reads_every_spelling() -> None:
    assert names("a, b(c, d), {e,f}") == ("a", "b(c, d)", "{e,f}")
    assert names(["a", 1, None, ""]) == ("a", "1")
    assert names({"a": True, "b": False}) == ("a",)
    assert names("- a\n- 'b'") == ("a", "b")
    assert names(None) == ()


@given(st.text(max_size=400) | st.binary(max_size=400))
def test_no_input_raises(data: str | bytes) -> None:
    fenced = b"---\n" + data if isinstance(data, bytes) else "---\nname: x\n" + data
    assert parse(fenced).verdict in ("valid", "recovered", "not-an-agent")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["name", "description", "model", "owns", "yes", "x-1"]),
            st.text(alphabet="ab N0o1~.,:/*-#'\"()&!|>%@`{}[]?=+_\\té", max_size=12),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_the_quick_reader_agrees_with_yaml(pairs: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{key}: {value}" for key, value in pairs)
    quick = read_plain(text)
    if quick is not None:
        assert quick == yaml.safe_load(text)


def test_the_quick_reader_reads_all_built_ins_as_yaml_does() -> None:
    folder = Path(discovery.__file__).parent / "builtin"
    paths = sorted(folder.glob("*.md"))
    assert len(paths) == 20
    for path in paths:
        block = find_block(path.read_text(encoding="utf-8"))
        assert block is not None
        quick = read_plain(block.text)
        assert quick is not None, f"{path.name} needs YAML: loading would import the parser"
        assert quick == yaml.safe_load(block.text)


@pytest.mark.parametrize(("one", "times"), [("[", 250_000), ("{a: ", 100_000), ("? ", 200_000)])
def test_values_nested_without_end_end_no_program(one: str, times: int) -> None:
    code = (
        "import sys; from maestro_tui.roster.definitions import parse_definition\n"
        "found = parse_definition(sys.stdin.read(), source='deep.md', stem='deep')\n"
        "print(found.definition.name)"
    )
    text = f"---\nname: deep\ndescription: Digs\nhooks: {one * times}\n---\nBody\n"
    done = subprocess.run([sys.executable, "-c", code], input=text, capture_output=True, text=True)
    assert done.stdout == "deep\n", (done.returncode, done.stderr[-500:])
