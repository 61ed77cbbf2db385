"""The pages of rules in docs/rules are what the rules say."""

from pathlib import Path

from durahub_migrate.lint.pages import files

FOLDER = Path(__file__).parents[2] / "docs" / "rules"
HOW = "run: python -m durahub_migrate.lint.pages docs/rules"


def test_the_folder_holds_the_pages_of_all_rules_and_no_other() -> None:
    pages = files()

    assert {file.name for file in FOLDER.iterdir()} == pages.keys(), HOW
    changed = [name for name, text in pages.items() if (FOLDER / name).read_text("utf-8") != text]
    assert changed == [], HOW
