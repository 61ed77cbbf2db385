import hashlib

from durahub.answers.long_texts import LONGEST, shortened


def test_only_texts_that_are_longer_than_allowed_are_shortened() -> None:
    just, more = "é" * LONGEST, "é" * (LONGEST + 1)

    assert shortened({"a": [just, None, 1]}) == {"a": [just, None, 1]}
    assert shortened({"a": [more]}) == {
        "a": [
            {
                "$length": LONGEST + 1,
                "$sha256": hashlib.sha256(more.encode()).hexdigest(),
                "$start": "é" * 40,
            }
        ]
    }


def test_half_a_surrogate_pair_does_not_keep_a_text_from_being_shortened() -> None:
    text = "\ud800" + "x" * LONGEST
    assert shortened(text)["$length"] == LONGEST + 1
