"""How far a run is, in words."""

from durahub_migrate.cli.lint_progress import Lines, sentence
from durahub_migrate.lint.progress import Progress


def test_a_sentence_says_what_is_known() -> None:
    far = Progress(source="azurite:orders", done=1200)

    assert sentence(far) == "1,200 read"
    assert (
        sentence(Progress(source="x", done=1200, total=5000, requests=40, seconds_left=3725.2))
        == "1,200 of 5,000 read, 40 requests, about 1:02:05 left"
    )


def test_plain_lines_come_no_more_often_than_asked_for() -> None:
    times = iter([0.0, 4.0, 10.0, 11.0, 20.5])
    said: list[str] = []
    lines = Lines(10.0, lambda: next(times), said.append)

    for done in (1, 2, 3, 4):
        lines.tell(Progress(source="hub", done=done))

    assert said == ["hub: 2 read", "hub: 4 read"]
