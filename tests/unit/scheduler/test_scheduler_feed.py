"""The bookkeeping of what is handed over, against a plain list of what is in the table."""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from durahub.engine.commit import Delivery
from durahub.model.history import EventRaised, Execution
from durahub.model.message import Message
from durahub.model.ticks import Ticks
from durahub.scheduler.feed import MOST_READY, MOST_READY_BYTES, Arrival, Feed, Found, Want
from durahub.scheduler.message_rows import delivery as delivery_of

HUB = 1
NOW = Ticks(1)
MESSAGE = Message(event=EventRaised(timestamp=Ticks(0), name="e"), target=Execution("order-1"))


@dataclass
class Row:
    due: int | None
    deliveries: int = 0
    readable: bool = True


def look(table: dict[int, Row], want: Want) -> Found:
    """Read as the table is read: what is due first, then by number, none of what is known."""

    def read(seq: int) -> tuple[int, Delivery | None]:
        row = table[seq]
        if not row.readable:
            return seq, None
        return seq, delivery_of(seq, MESSAGE, activity=False, before=row.deliveries)

    due = [(row.due, seq) for seq, row in table.items() if row.due is not None]
    timed = [seq for when, seq in sorted(due) if when <= want.now and seq not in want.known]
    timeless = [seq for seq, row in sorted(table.items()) if row.due is None and seq > want.cursor]
    timed = timed[: want.limit]
    following = min((when for when, _ in due if when > want.now), default=None)
    return Found(
        [read(seq) for seq in timed],
        [read(seq) for seq in timeless[: want.limit - len(timed)]],
        Ticks(following) if following is not None else None,
    )


class FeedMachine(RuleBasedStateMachine):
    """Messages are stored, read and handed over in any order; notices come later than the writes."""

    def __init__(self) -> None:
        super().__init__()
        self.table: dict[int, Row] = {}
        self.feed = Feed()
        self.notices: list[Arrival] = []
        self.reading: tuple[Want, Found | None] | None = None
        self.held: dict[int, Row] = {}
        self.now = 100
        self.next_seq = 1
        self.last_in_order = 0

    @initialize(count=st.integers(0, 5))
    def there_is_a_backlog(self, count: int) -> None:
        for _ in range(count):
            self.store(None, notice=False)

    def store(self, due: int | None, *, notice: bool = True, readable: bool = True) -> None:
        seq = self.next_seq
        self.next_seq += 1
        self.table[seq] = Row(due, readable=readable)
        if notice:
            when = Ticks(due) if due is not None else None
            self.notices.append(Arrival(HUB, seq, False, MESSAGE, when))

    @rule(delay=st.none() | st.integers(1, 50))
    def a_message_is_stored(self, delay: int | None) -> None:
        self.store(self.now + delay if delay is not None else None)

    @rule()
    def one_is_stored_that_no_reader_understands(self) -> None:
        self.store(None, notice=False, readable=False)
        # it was stored by an earlier process, so this one begins with it
        if self.reading is None and not self.held:
            self.feed = Feed()
            self.last_in_order = 0

    @rule()
    def a_notice_arrives(self) -> None:
        if self.notices:
            self.feed.arrive(self.notices.pop(0))

    @rule(room=st.integers(1, 4))
    def a_read_begins(self, room: int) -> None:
        if self.reading is None and self.feed.wants_read(Ticks(self.now)):
            self.reading = self.feed.begin_read(Ticks(self.now), room), None

    @rule()
    def the_read_sees_the_table(self) -> None:
        if self.reading is not None and self.reading[1] is None:
            self.reading = self.reading[0], look(self.table, self.reading[0])

    @rule()
    def the_read_ends(self) -> None:
        if self.reading is not None and self.reading[1] is not None:
            self.feed.end_read(*self.reading)  # type: ignore[arg-type]
            self.reading = None

    @rule(room=st.integers(0, 4))
    def there_is_room(self, room: int) -> None:
        taken = self.feed.take(room)
        assert len(taken) <= room
        for delivery in taken:
            seq = int(delivery.key)
            row = self.table[seq]
            assert seq not in self.held, "handed over twice"
            assert row.due is None or row.due <= self.now, "handed over early"
            assert delivery.deliveries == row.deliveries + 1
            if row.due is None:
                assert seq > self.last_in_order, "out of order"
                self.last_in_order = seq
            self.held[seq] = row

    @rule(choice=st.integers(0, 100))
    def a_message_is_settled(self, choice: int) -> None:
        if self.held:
            seq = sorted(self.held)[choice % len(self.held)]
            del self.held[seq], self.table[seq]
            self.feed.settle([str(seq)])

    @rule(choice=st.integers(0, 100), delay=st.integers(0, 50))
    def a_message_is_put_back(self, choice: int, delay: int) -> None:
        if self.held:
            seq = sorted(self.held)[choice % len(self.held)]
            row = self.held.pop(seq)
            due = self.now + delay
            self.table[seq] = Row(due, row.deliveries + 1)
            self.feed.put_back([str(seq)], Ticks(due))

    @rule(step=st.integers(1, 40))
    def time_passes(self, step: int) -> None:
        self.now += step

    @invariant()
    def nothing_is_both_ready_and_to_be_read(self) -> None:
        assert not (self.feed.has_ready and self.feed.wants_read(Ticks(self.now)))

    def teardown(self) -> None:
        """In the end everything that can be read was handed over, and only once."""
        self.the_read_sees_the_table()
        self.the_read_ends()
        while self.notices:
            self.a_notice_arrives()
        self.now += 1000
        for _ in range(len(self.table) + 10):
            self.there_is_room(100)
            self.a_read_begins(3)
            self.the_read_sees_the_table()
            self.the_read_ends()
        assert set(self.held) == {seq for seq, row in self.table.items() if row.readable}
        assert not self.feed.wants_read(Ticks(self.now))


TestFeed = FeedMachine.TestCase
TestFeed.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def arrival(seq: int, due: Ticks | None = None) -> Arrival:
    return Arrival(HUB, seq, False, MESSAGE, due)


def caught_up() -> Feed:
    feed = Feed()
    feed.end_read(feed.begin_read(Ticks(1), 10), Found([], [], None))
    return feed


def test_a_message_goes_from_the_commit_to_the_listener_without_a_read() -> None:
    feed = caught_up()
    feed.arrive(arrival(7))
    assert not feed.wants_read(Ticks(1))
    (delivery,) = feed.take(1)
    assert delivery.key == "7"
    assert not feed.wants_read(Ticks(1))


def test_a_message_that_is_due_later_is_read_when_it_is_due() -> None:
    feed = caught_up()
    feed.arrive(arrival(7, Ticks(50)))
    assert feed.next_due == 50
    assert not feed.wants_read(Ticks(49))
    assert feed.wants_read(Ticks(50))


def test_what_waits_for_room_does_not_fill_the_memory() -> None:
    feed = caught_up()
    for seq in range(1, 1000):
        feed.arrive(arrival(seq))
    assert len(feed.take(1000)) == MOST_READY
    assert feed.wants_read(Ticks(1))
    assert feed.begin_read(Ticks(1), 10).cursor == MOST_READY


def _large(seq: int) -> Arrival:
    event = EventRaised(timestamp=NOW, name="e", input="x" * (MOST_READY_BYTES // 2))
    message = Message(event=event, target=Execution("order-7", None))
    return Arrival(1, seq, activity=False, message=message, due=None)


def test_what_would_take_too_much_memory_stays_in_the_table() -> None:
    feed = Feed()
    feed.end_read(feed.begin_read(NOW, 10), Found((), (), None))
    for seq in (1, 2, 3):
        feed.arrive(_large(seq))

    assert len(feed.take(10)) == 2
    assert feed.wants_read(NOW)


def test_a_look_that_was_cut_short_is_followed_by_another() -> None:
    feed = Feed()
    feed.end_read(feed.begin_read(NOW, 10), Found((), (), None, more=True))

    assert feed.wants_read(NOW)
