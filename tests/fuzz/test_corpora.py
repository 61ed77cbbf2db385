"""Every input of the corpora is read as its target says; those that showed a defect are tests by name."""

import random

import pytest

from tests.fuzz import catalogue
from tests.fuzz.corpus import CRASH, corpus_of, files_of, words_of
from tests.fuzz.judging import judge
from tests.fuzz.mutating import mutated

TARGETS = catalogue.targets()
CRASHES = [
    pytest.param(name, path, id=f"{name}/{path.name.removeprefix(CRASH)}")
    for name in sorted(TARGETS)
    for path in files_of(name)
    if path.name.startswith(CRASH)
]
CHANGED = 25  # inputs of each target


@pytest.mark.parametrize(("name", "path"), CRASHES)
def test_what_was_mended_stays_mended(name, path) -> None:
    assert judge(TARGETS[name], path.read_bytes()) is None


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_the_corpus_is_read_as_it_should_be(name: str) -> None:
    findings = [judge(TARGETS[name], data) for data in corpus_of(name)]
    assert [str(one) for one in findings if one is not None] == []


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_changes_of_the_corpus_are_read_as_they_should_be(name: str) -> None:
    target, chance = TARGETS[name], random.Random(name)
    corpus, words = corpus_of(name), words_of(target)
    findings = [
        judge(target, mutated(chance, corpus, words, target.largest)) for _ in range(CHANGED)
    ]
    assert [(str(one), one.data) for one in findings if one is not None] == []


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_no_input_of_the_corpus_takes_more_memory_than_its_size_allows(name: str) -> None:
    largest = sorted(corpus_of(name), key=len)[-3:]
    findings = [judge(TARGETS[name], data, memory=True) for data in largest]
    assert [str(one) for one in findings if one is not None] == []
