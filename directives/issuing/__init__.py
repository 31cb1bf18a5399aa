"""From a reading to a document, and from directives to obligations (交办): at once, or part by part where they are many."""

from directives.issuing.choosing import Choice, Pick, candidates, chosen_bodies
from directives.issuing.entering import Pair, faults_of, issue_pairs, take_back
from directives.issuing.giving import Preview, Terms, check, issue, preview, wrong_plan_day
from directives.issuing.parts import AT_ONCE, issue_in_parts
from directives.issuing.registering import addressees, hand_over, homes, register_document
from directives.issuing.tables import Task, part_of, register_tasks, remove_document

__all__ = [
    "AT_ONCE", "Choice", "Pair", "Pick", "Preview", "Task", "Terms", "addressees", "candidates", "check", "chosen_bodies", "faults_of",
    "hand_over", "homes", "issue", "issue_in_parts", "issue_pairs", "part_of", "preview", "register_document", "register_tasks",
    "remove_document", "take_back", "wrong_plan_day",
]  # fmt: skip
