"""The lines of a file of tokens: what is written is read, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.authorization.static_tokens import Token, digest_of
from durahub.authorization.token_lines import BadTokenLine, is_name, line_of, tokens_of
from durahub.model.ticks import Ticks, parse

DIGEST = digest_of("a token of the shop")
TOKENS = st.builds(
    Token,
    st.text(min_size=1, max_size=30).filter(is_name),
    st.binary(min_size=32, max_size=32).map(bytes.hex),
    st.none() | st.integers(0, parse("9999-12-31T00:00:00Z")).map(Ticks),
)


@given(st.lists(TOKENS, unique_by=lambda token: token.name))
def test_what_is_written_is_read(tokens: list[Token]) -> None:
    assert tokens_of("".join(f"{line_of(one)}\n" for one in tokens)) == tuple(tokens)


def test_comments_empty_lines_and_dates_are_read() -> None:
    text = f"# of the shop\n\n  shop  sha256:{DIGEST.upper()}  2027-01-31 # to be renewed\r\n"
    assert tokens_of(text) == (Token("shop", DIGEST, parse("2027-01-31T00:00:00Z")),)


@pytest.mark.parametrize(
    "line",
    [
        "shop",
        f"shop {DIGEST}",
        f"shop sha256:{DIGEST[:-1]}",
        f"shop sha256:{DIGEST}0",
        f"shop md5:{DIGEST}",
        f"shop sha256:{DIGEST} tomorrow",
        f"shop sha256:{DIGEST} 2027-02-31",
        f"shop sha256:{DIGEST} 2027-01-31 2028-01-31",
        f"a:b sha256:{DIGEST}",
        f"shop sha256:{DIGEST}\nshop sha256:{DIGEST}",
    ],
)
def test_a_line_that_tells_no_token_is_refused_and_not_quoted(line: str) -> None:
    with pytest.raises(BadTokenLine) as refused:
        tokens_of(f"# tokens\n{line}\n")
    assert refused.value.number == 2 + line.count("\n")
    assert DIGEST[:20] not in str(refused.value)
