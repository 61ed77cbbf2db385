"""What quotes a failure quotes a payload: explanations are shown without it to whom it is hidden."""

from durahub_migrate.monitor.waiting import Evidence, Explanation, Pending, Reason
from durahub_migrate.web.concealing import HIDDEN, Veil, conceal
from tests.monitor.web.watched import NOW, SECRET

FAILURE = f"CardError: {SECRET} was declined"


def explanation(instance_id: str, *chain: Explanation) -> Explanation:
    tried = f"Attempt 1 failed: {FAILURE}."
    pending = Pending(
        what="activity",
        reason=Reason.ACTIVITY_QUEUED,
        name="Charge",
        attempt=2,
        last_failure=FAILURE,
    )
    return Explanation(
        instance_id=instance_id,
        reason=Reason.ACTIVITY_QUEUED,
        sentence=f"It waits for 'Charge', which failed with {FAILURE}.",
        is_stuck=False,
        at=NOW,
        evidence=(Evidence(sentence=tried),),
        pending=() if chain else (pending,),
        chain=chain,
    )


def texts(found: Explanation) -> list[str | None]:
    own = [found.sentence, *(one.sentence for one in found.evidence)]
    own += [one.last_failure for one in found.pending]
    return own + [text for one in found.chain for text in texts(one)]


def test_without_a_grant_no_sentence_of_an_explanation_or_its_chain_quotes_a_failure() -> None:
    found = conceal(explanation("a", explanation("b")), lambda _: Veil(hides=True), "orders@local")
    assert not any(SECRET in (text or "") for text in texts(found))
    assert found.evidence[0].sentence == f"Attempt 1 failed: {HIDDEN}."


def test_a_hook_sees_what_sentences_quote_of_a_failure() -> None:
    veil = Veil(hides=False, redact=lambda _, text: text.replace(SECRET, "…"))
    found = conceal(explanation("a", explanation("b")), lambda _: veil, "orders@local")
    assert not any(SECRET in (text or "") for text in texts(found))
    assert found.evidence[0].sentence == "Attempt 1 failed: CardError: … was declined."


def test_who_may_see_payloads_is_told_the_failure() -> None:
    before = explanation("a", explanation("b"))
    assert conceal(before, lambda _: Veil(hides=False), "orders@local") == before
