"""The pieces of work there are, who does them, and the rule for their size."""

from collections.abc import Mapping
from dataclasses import dataclass

from durahub_migrate.assessment.assessment import Size, When, Who
from durahub_migrate.assessment.rows import Row


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work: up to *small* of its unit it is small, up to *medium* medium, else large."""

    rule: str
    small: int
    medium: int

    def size(self, amount: int) -> Size:
        """Return the size of *amount* of it."""
        if amount <= self.small:
            return Size.SMALL
        return Size.MEDIUM if amount <= self.medium else Size.LARGE


SETTINGS = Kind(
    "Settings and templates: S up to 10 places, M up to 50, L above. Nothing is programmed.", 10, 50
)
CODE = Kind(
    "Changes of an app's code: M up to 3 orchestrations or entities, L above. Never S: it is tested and "
    "deployed.",
    0,
    3,
)
HANDS = Kind(
    "Work on what is stored: S up to 10 things, M up to 1,000, L above. Tools repeat, people decide.",
    10,
    1_000,
)
DECISION = Kind(
    "Decisions: S up to 100 instances, M above. Somebody has to be asked.", 100, 1 << 62
)
KINDS = (SETTINGS, CODE, HANDS, DECISION)
SIZE_RULE = (
    *(kind.rule for kind in KINDS),
    "As a rule of thumb S is done within a day, M within a week, L takes longer; your team knows better.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A piece of work and the rules that ask for it: by code, or every other one of a family.

    It is *due* before the move where one of them found an error that stops it. What the next instances will
    have again, as long IDs, is due at the move even where it was found in ended ones alone.
    """

    title: str
    what: str
    kind: Kind
    who: Who
    codes: tuple[str, ...] = ()
    family: str | None = None
    due: When = When.LATER


_DEVELOPER, _OPERATOR, _OWNER = Who.DEVELOPER, Who.OPERATOR, Who.OWNER

WORKS: tuple[Work, ...] = (
    Work(
        title="Make instance IDs that the scheduler takes",
        what="Shorten IDs to 100 characters and keep to printable ASCII where the app makes them. Instances "
        "that live under other IDs end on the old hub, or move under new IDs by an explicit mapping.",
        kind=CODE,
        who=_DEVELOPER,
        family="IDN",
        due=When.AT,
    ),
    Work(
        title="Tell apart IDs that look the same",
        what="Decide which of two IDs stays: a scheduler that cuts or folds them would merge the two.",
        kind=DECISION,
        who=_OWNER,
        codes=("IDN506", "IDN508", "IDN510", "IDN511", "IDN512"),
    ),
    Work(
        title="Make tags small",
        what="All tags of an instance may have 1,000 bytes, and the prefix durabletask. is taken.",
        kind=CODE,
        who=_DEVELOPER,
        codes=("IDN509",),
        due=When.AT,
    ),
    Work(
        title="Turn on payload offload",
        what="Payloads near or above 1 MiB go to a blob container: set it up, give the app access, switch it "
        "on; or make these payloads smaller.",
        kind=SETTINGS,
        who=_DEVELOPER,
        codes=("PAY401", "PAY402", "PAY405", "PAY410"),
        due=When.AT,
    ),
    Work(
        title="Make payloads smaller",
        what="These are too large even for offload, or for one step of an orchestration. Hand over a "
        "reference in their place, or split them.",
        kind=CODE,
        who=_DEVELOPER,
        codes=("PAY404", "PAY406", "PAY411"),
        due=When.AT,
    ),
    Work(
        title="Repair payload texts",
        what="Texts that the scheduler misreads or refuses: what looks like a payload token, broken Unicode, "
        "references that lead nowhere.",
        kind=HANDS,
        who=_DEVELOPER,
        family="PAY",
    ),
    Work(
        title="Prove that the new app replays the old histories",
        what="Another SDK counts, splits timers and reads JSON in another way. Run the app's code over "
        "histories of this hub before the move.",
        kind=CODE,
        who=_DEVELOPER,
        family="RPL",
        due=When.AT,
    ),
    Work(
        title="Register every name in the new app",
        what="Work for a name that no worker registers is never taken.",
        kind=CODE,
        who=_DEVELOPER,
        codes=("RPL305",),
        due=When.AT,
    ),
    Work(
        title="Repair histories, or write them off",
        what="Histories with gaps, or rewound in place, cannot be replayed as they are.",
        kind=HANDS,
        who=_OPERATOR,
        codes=("RPL309", "RPL312"),
    ),
    Work(
        title="Repair the hub",
        what="Let durahub hub doctor look, repair what is safe, and decide about the rest.",
        kind=HANDS,
        who=_OPERATOR,
        family="HUB",
    ),
    Work(
        title="Purge what is not needed any more",
        what="Old ended instances and orphaned blobs cost money and time at every step of a move.",
        kind=HANDS,
        who=_OPERATOR,
        codes=("HUB208", "HUB209", "HUB210", "HUB212"),
    ),
    Work(
        title="Settle who uses the hub",
        what="Nobody but the app in question may write to the hub while it is moved.",
        kind=DECISION,
        who=_OWNER,
        codes=("HUB203", "HUB204"),
        due=When.AT,
    ),
    Work(
        title="Clear the queues",
        what="Set poison and stray messages aside, let hidden ones become due, let activities finish.",
        kind=HANDS,
        who=_OPERATOR,
        family="QUE",
        due=When.AT,
    ),
    Work(
        title="Be ready for what fires at once",
        what="Timers and starts that are overdue, or due in one minute, all come right after the move: watch "
        "the limits, or move in parts.",
        kind=HANDS,
        who=_OPERATOR,
        codes=("QUE607", "QUE610"),
        due=When.AT,
    ),
    Work(
        title="Release locks and let entities become idle",
        what="A lock that nobody releases blocks its entity for ever, here and there.",
        kind=HANDS,
        who=_OPERATOR,
        family="ENT",
        due=When.AT,
    ),
    Work(
        title="Bring entity states into one shape",
        what="The new app has to read what the old one wrote.",
        kind=CODE,
        who=_DEVELOPER,
        codes=("ENT705", "ENT707"),
    ),
    Work(
        title="Change the app's settings and packages",
        what="host.json, app settings and package versions, as the findings name them; durahub lint --fix "
        "does the safe ones.",
        kind=SETTINGS,
        who=_DEVELOPER,
        family="CFG",
        due=When.AT,
    ),
    Work(
        title="Correct the retention policy",
        what="The scheduler deletes what has ended by this policy; loosen it before anything is imported.",
        kind=SETTINGS,
        who=_OPERATOR,
        family="RET",
        due=When.AT,
    ),
    Work(
        title="Correct the templates of the scheduler",
        what="Names, capacity, network and access as Azure takes them.",
        kind=SETTINGS,
        who=_OPERATOR,
        family="ARM",
    ),
    Work(
        title="Correct the plan of the move",
        what="Do away with what blocks trees, plan the move of a frozen hub, keep the bundle: durahub plan "
        "makes the plan anew.",
        kind=HANDS,
        who=_OPERATOR,
        family="PLN",
        due=When.AT,
    ),
)
OTHER = Work(
    title="Look into other findings",
    what="What the rules found beside.",
    kind=HANDS,
    who=_DEVELOPER,
)
IN_FLIGHT: Mapping[Row, Work] = {
    Row.ETERNAL: Work(
        title="Take eternal orchestrations over, one by one",
        what="They never end by themselves: give them a way to stop, or start each again on the scheduler "
        "with its latest input.",
        kind=HANDS,
        who=_DEVELOPER,
    ),
    Row.SUSPENDED: Work(
        title="Decide about suspended instances",
        what="Resume them and let them end, or move them paused.",
        kind=DECISION,
        who=_OWNER,
    ),
    Row.ACTIVITY_TAKEN: Work(
        title="Let activities in progress finish",
        what="Stop new work on the old hub and wait; what is under way at the move may run twice.",
        kind=HANDS,
        who=_OPERATOR,
    ),
    Row.EVENT: Work(
        title="Tell callers the new address",
        what="Whoever raises events at instances that wait for them has to call the scheduler's app.",
        kind=HANDS,
        who=_DEVELOPER,
    ),
    Row.ENTITY_IDLE: Work(
        title="Seed entity states on the scheduler",
        what="The state of each entity is handed over by a migration worker; or it is left behind.",
        kind=HANDS,
        who=_OPERATOR,
    ),
    Row.UNSEEN: Work(
        title="Wait for hidden messages",
        what="Delayed signals of clients are stored nowhere else; who cannot wait loses them.",
        kind=DECISION,
        who=_OWNER,
    ),
}


_BY_CODE = {code: work for work in WORKS for code in work.codes}
_BY_FAMILY = {work.family: work for work in WORKS if work.family is not None}


def work_for(code: str) -> Work:
    """Return the piece of work that a rule's findings belong to."""
    return _BY_CODE.get(code) or _BY_FAMILY.get(code[:3]) or OTHER
