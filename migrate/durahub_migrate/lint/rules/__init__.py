"""All rules, family by family. Codes are never reused."""

from typing import Any

from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules import arm, cfg, ent, hub, idn, pay, pln, que, ret, rpl

RULES: tuple[Rule[Any], ...] = (
    *cfg.RULES,
    *hub.RULES,
    *rpl.RULES,
    *pay.RULES,
    *idn.RULES,
    *que.RULES,
    *ent.RULES,
    *ret.RULES,
    *arm.RULES,
    *pln.RULES,
)
