"""Text for people."""

from dataclasses import replace

from durahub_migrate.lint.reporting.sentences import finding_message
from durahub_migrate.lint.reporting.text import Style, concise, grouped, statistics, text
from tests.lint.reporting.runs import FEW, IN_FILE, in_hub, results

PLAIN = Style()


def test_a_finding_in_a_file_has_line_severity_code_sentence_value_and_advice() -> None:
    lines = list(text(results(IN_FILE), PLAIN))

    assert lines[0] == (
        "my app/host.json:4:7: warning CFG104 partitionCount counts 100 %, but; not: here]\\nand there: "
        '"partitionCount": 4 [*]'
    )
    assert lines[1] == "  What to do: remove it."
    assert lines[2] == "  More: durahub explain CFG104"


def test_full_text_shows_the_line_and_why_it_matters() -> None:
    style = Style(line_of=lambda file, line: '      "partitionCount": 4,')

    lines = list(text(results(IN_FILE), style, full=True))

    assert lines[1] == '    4 |       "partitionCount": 4,'
    assert lines[2] == "              " + "^" * 18
    assert "  Why it matters: it is read by nobody, 100 % sure." in lines


def test_findings_in_a_hub_are_grouped_with_examples() -> None:
    lines = list(text(results(*FEW), PLAIN))

    assert (
        "azurite:orders: error IDN501 instance ID is too long for the scheduler (3 findings)"
        in lines
    )
    assert "    and 1 more; --each shows all" in lines


def test_concise_text_has_one_line_a_finding() -> None:
    lines = list(concise(results(*FEW), PLAIN))

    assert [line.split(" ")[0] for line in lines[:4]] == ["my"] + ["azurite:orders"] * 2 + [
        "azurite:orders:"
    ]
    assert lines[3] == "azurite:orders: IDN501 1 more finding"


def test_grouped_text_begins_with_the_rule() -> None:
    lines = list(grouped(results(*FEW), PLAIN))

    assert lines[0] == "IDN501 error instance ID is too long for the scheduler"
    assert "    4:7: partitionCount" in next(line for line in lines if "4:7" in line)


def test_the_end_tells_what_was_not_read_not_evaluated_and_how_much_there_is() -> None:
    lines = list(statistics(results(*FEW, complete=False), PLAIN))

    assert lines[-6].startswith("error not read: azurite:orders instance 'customer-4711': DH502")
    assert lines[-5].endswith("expired on 2026-01-01, IDN counts again")
    assert lines[-4].startswith("1 rule not evaluated for lack of evidence")
    assert lines[-3].startswith(
        "  1 looks at a hub: durahub lint 'my app' azurite:orders azurite:HUB"
    )
    assert lines[-2] == (
        "read azurite:orders: 1,204 instances, 204 histories left out, 98,000 events, 12 messages, "
        "77 requests"
    )
    assert lines[-1] == "3 errors, 1 warning; 2 rules evaluated; 1 not evaluated"


def test_files_that_were_read_are_counted() -> None:
    made = results(files={"azurite:orders": 1})

    assert "read azurite:orders: 1 file" in list(text(made, PLAIN))


def test_a_value_that_the_sentence_or_the_place_says_is_not_said_again() -> None:
    said = in_hub("a", detail="version 2025-04-01 is a preview", head="2025-04-01")
    longer = in_hub("a", detail="version 2025-04-01 is a preview", head="2025")
    place = in_hub("order-1", detail="the ID is long", head="order-1")
    piece = in_hub("a", detail="14 of them are wrong", head="4")

    assert [finding_message(one) for one in (said, longer, place, piece)] == [
        "version 2025-04-01 is a preview",
        "version 2025-04-01 is a preview",
        "the ID is long",
        "14 of them are wrong: 4",
    ]


def test_suppressed_findings_are_counted_and_told_with_their_reason_if_asked_for() -> None:
    made = results(in_hub("x", suppressed="moved in May"))
    asked = results(in_hub("x", suppressed="moved in May"), show_suppressed=True)

    assert list(text(made, PLAIN))[-1].startswith("no findings; 1 suppressed")
    assert any(line.startswith("suppressed (moved in May): ") for line in text(asked, PLAIN))


def test_nothing_can_steer_a_terminal() -> None:
    made = results(*FEW, examples=-1)

    for form in (text, concise, grouped, statistics):
        assert "\x1b" not in "".join(form(made, PLAIN)), form


def test_full_text_names_the_rules_that_were_not_evaluated() -> None:
    lines = list(text(results(), PLAIN, full=True))

    assert lines[-4].startswith("  1 looks at a hub: ")
    assert lines[-3].startswith("  needs a hub's queues and how the hub is to be moved")
    assert lines[-3].endswith(": QUE601")


def test_what_can_be_fixed_is_counted_and_what_may_change_a_meaning_apart() -> None:
    assert IN_FILE.fix is not None
    unsafe = replace(IN_FILE, fix=replace(IN_FILE.fix, safe=False), discriminator="unsafe")

    lines = list(text(results(IN_FILE, unsafe), PLAIN))

    assert "[*] 1 finding can be fixed: --diff shows how, --fix does it" in lines
    assert any(line.startswith("1 finding can be fixed in a way that may change") for line in lines)


def test_brief_text_says_neither_what_was_read_nor_what_rules_lack() -> None:
    lines = list(text(results(*FEW, complete=False), Style(brief=True)))

    assert not [line for line in lines if line.startswith(("read ", "  1 look", "1 rule not"))]
    assert any("not read: " in line for line in lines)
    assert "2 rules evaluated; 1 not evaluated" in lines[-1]
